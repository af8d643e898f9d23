import { execFileSync, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../src/cli.js';
import { ServedLog } from './served-log.js';

const SOURCES = fileURLToPath(new URL('../../../libs/ledger/test/go/audit', import.meta.url));
const FLIPS = 160;

describe('an independent auditor in Go, given the export of a database', () => {
  let log: ServedLog;
  let program: string;
  let dir: string;
  let size: number;

  beforeAll(async () => {
    log = await ServedLog.start();
    program = join(log.folder, 'audit');
    const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '' };
    execFileSync('go', ['build', '-o', program, '.'], { cwd: SOURCES, env, stdio: 'pipe' });
    const checkpoints: string[] = [];
    for (const count of [1, 300, 1, 1200, 1500]) {
      await log.append(count, 200);
      checkpoints.push(await log.text('checkpoint'));
    }
    size = await log.size();
    dir = join(log.folder, 'unpacked');
    const bundle = log.file('log.lexecon-export', await log.text('export'));
    expect(await run(['unpack', bundle, dir], 0)).toMatchObject({ code: 0 });
    await addProofs(checkpoints);
  }, 300_000);
  afterAll(async () => {
    await log.stop();
  });

  /** What the proof service answers, over HTTP, beside the unpacked export. */
  async function addProofs(checkpoints: readonly string[]): Promise<void> {
    mkdirSync(join(dir, 'proofs'));
    for (const index of [0, 1, 254, 255, 256, 1023, 2048, size - 2, size - 1])
      writeFileSync(
        join(dir, 'proofs', `${String(index)}.tlog-proof`),
        await log.text(`proofs/inclusion?index=${String(index)}`),
      );
    mkdirSync(join(dir, 'consistency'));
    for (const checkpoint of new Set(checkpoints)) {
      const older = Number(checkpoint.split('\n')[1]);
      writeFileSync(join(dir, 'consistency', `${String(older)}.old`), checkpoint);
      writeFileSync(
        join(dir, 'consistency', `${String(older)}.txt`),
        await log.text(`proofs/consistency?from=${String(older)}`),
      );
    }
  }

  const audit = (): { readonly status: number | null; readonly said: string } => {
    const { status, stdout, stderr } = spawnSync(program, [dir], { encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };

  it('accepts it, with every proof that the server gave', () => {
    const { status, said } = audit();
    expect(said).toMatch(
      new RegExp(
        `^OK ledger\\.test/\\d{4}h[12]: ${String(size)} entries, \\d+ tiles, 9 inclusion proofs, [45] consistency proofs\n$`,
      ),
    );
    expect(status).toBe(0);
    expect(size).toBeGreaterThan(3000);
  });

  it('refuses it with any bit flipped', () => {
    const files = (readdirSync(dir, { recursive: true }) as string[]).filter(
      (path) => path !== 'vkey' && statSync(join(dir, path)).isFile(),
    );
    const accepted: string[] = [];
    for (let flip = 0; flip < FLIPS; flip++) {
      const path = files[flip < files.length ? flip : randomInt(files.length)] as string;
      const data = readFileSync(join(dir, path));
      const altered = Buffer.from(data);
      const at = randomInt(data.length);
      altered[at] = (altered[at] ?? 0) ^ (1 << randomInt(8));
      writeFileSync(join(dir, path), altered);
      const { status, said } = audit();
      if (status !== 1) accepted.push(`${path}, byte ${String(at)}: ${said}`);
      writeFileSync(join(dir, path), data);
    }
    expect(accepted).toEqual([]);
    expect(audit().status).toBe(0);
  }, 300_000);
});
