import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

type Floor = Readonly<Record<'lines' | 'statements' | 'functions' | 'branches', number>>;

const file: string = '../jest.config.mjs';
const { default: config } = (await import(file)) as {
  readonly default: { readonly coverageThreshold: Readonly<Record<string, Floor>> & { readonly global: Floor } };
};
const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs one small spec while measuring one file, held to the floor that holds for everything. */
function exitCodeFor(measured: string): number | null {
  const folder = mkdtempSync(join(tmpdir(), 'lexecon-coverage-'));
  const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--selectProjects', 'unit'];
  const coverage = ['--coverage', `--coverageDirectory=${folder}`, `--collectCoverageFrom=${measured}`];
  const threshold = `--coverageThreshold=${JSON.stringify({ global: config.coverageThreshold.global })}`;
  const only = ['--testPathPatterns', 'libs/crypto/src/hash.spec', '--silent'];
  try {
    return spawnSync(process.execPath, [...jest, ...coverage, threshold, ...only], { cwd: root, stdio: 'ignore' })
      .status;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the coverage floor', () => {
  it('lets covered code pass and fails a run that leaves code untested', () => {
    expect(exitCodeFor('libs/crypto/src/hash.ts')).toBe(0);
    expect(exitCodeFor('libs/crypto/src/merkle.ts')).toBe(1);
  }, 60_000);

  it('is at least 80 % everywhere and 95 % of lines where decisions, proofs and access are made', () => {
    expect(Object.values(config.coverageThreshold.global).every((floor) => floor >= 80)).toBe(true);
    for (const room of ['auth', 'ledger', 'policy'] as const)
      expect(config.coverageThreshold[`./libs/${room}/src/`]?.lines).toBeGreaterThanOrEqual(95);
  });
});
