import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { type Machine, root } from './machine.js';
import type { Profile } from './profile.js';
import type { Proofs } from './proofs.js';
import type { Sample } from './sample.js';
import type { Plan } from './throughput.js';

/** What each command leaves in bench/results, with the machine it ran on. */
export interface Results {
  readonly evaluation: { readonly machine: Machine; readonly markdown: string };
  readonly limits: { readonly machine: Machine; readonly markdown: string };
  readonly login: { readonly machine: Machine; readonly markdown: string };
  readonly throughput: { readonly machine: Machine; readonly plan: Plan; readonly samples: readonly Sample[] };
  readonly proofs: { readonly machine: Machine; readonly proofs: Proofs };
  readonly profile: { readonly machine: Machine; readonly profiles: readonly Profile[] };
}

const fileOf = (name: keyof Results): string => join(root, 'bench/results', `${name}.json`);

export async function keep<Name extends keyof Results>(name: Name, result: Results[Name]): Promise<void> {
  mkdirSync(join(root, 'bench/results'), { recursive: true });
  await writeFormatted(fileOf(name), JSON.stringify(result));
}

/** Undefined when that was never measured. */
export function kept<Name extends keyof Results>(name: Name): Results[Name] | undefined {
  const file = fileOf(name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results[Name]) : undefined;
}

/** Writes a text the way `npm run format` would. */
export async function writeFormatted(file: string, text: string): Promise<void> {
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}
