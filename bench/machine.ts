import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where and when a run was made. */
export interface Machine {
  /** RFC 3339. */
  readonly at: string;
  readonly commit: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  /** Before the run began, over one minute. */
  readonly loadAverage: number;
}

export const root: string = top(dirname(fileURLToPath(import.meta.url)));

/** The folder of package.json, from the sources as from what was built of them. */
function top(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : top(dirname(folder));
}

export function thisMachine(): Machine {
  return {
    at: new Date().toISOString(),
    commit: commit(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    loadAverage: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

/** Marked with `+` when files have changed since. */
function commit(): string {
  try {
    const git = (...args: readonly string[]): string =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', 'apps', 'libs', 'bench/*.ts') ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}
