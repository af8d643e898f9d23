import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The product's version, from the package.json at the top of the installation. */
export const version: string = find(dirname(fileURLToPath(import.meta.url)));

function find(folder: string): string {
  const manifest = read(join(folder, 'package.json'));
  if (manifest?.name === 'lexecon' && manifest.version !== undefined) return manifest.version;
  const parent = dirname(folder);
  return parent === folder ? '0.0.0' : find(parent);
}

function read(file: string): { readonly name?: string; readonly version?: string } | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
  } catch {
    return null;
  }
}
