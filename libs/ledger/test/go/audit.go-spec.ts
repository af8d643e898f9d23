import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  formatCheckpoint,
  formatConsistency,
  formatTlogProof,
  generateSignerKey,
  leafHash,
  merkleRoot,
  noteSigner,
} from '@lexecon/crypto';
import { exportFiles } from '../../src/core/export-layout.js';
import { consistencyPath, inclusionPath } from '../../src/core/proofs.js';
import { parseTilePath } from '../../src/core/tile-path.js';
import { TileSet } from '../../src/core/tiles.js';

type Export = Map<string, Buffer>;

const ORIGIN = 'ledger.example.eu/lexecon/2026h2';
const signer = noteSigner(generateSignerKey(ORIGIN, randomBytes(32)));
const place = mkdtempSync(join(tmpdir(), 'lexecon-audit-'));
const program = join(place, 'audit');

beforeAll(() => {
  const sources = join(dirname(fileURLToPath(import.meta.url)), 'audit');
  // Debian keeps the sources of packaged Go libraries here; nothing is downloaded.
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '' };
  execFileSync('go', ['build', '-o', program, '.'], { cwd: sources, env, stdio: 'pipe' });
}, 300_000);

afterAll(() => rmSync(place, { recursive: true, force: true }));

describe.each([
  { size: 700, flips: 40 },
  { size: 70_000, flips: 4 },
])('an export of $size entries', ({ size, flips }) => {
  const leaves = randomLeaves(size);
  const files = exportOf(leaves);
  const dir = join(place, String(size));

  beforeAll(() => write(dir, files));

  it('is accepted by the auditor, proof by proof', () => {
    const tiles = [...files.keys()].filter((path) => parseTilePath(path)?.kind === 'tile').length;
    const counts = `${size} entries, ${tiles} tiles, ${proofIndexes(size).length} inclusion proofs, ${oldSizes(size).length} consistency proofs`;
    expect(audit(dir)).toEqual({ status: 0, said: `OK ${ORIGIN}: ${counts}\n` });
  });

  it('is refused when any bit of any kind of file is flipped', () => {
    const accepted: string[] = [];
    let tried = 0;
    for (const [kind, paths] of byKind(files)) {
      for (let flip = 0; flip < flips; flip++) {
        const path = paths[randomInt(paths.length)] as string;
        const data = files.get(path) as Buffer;
        const bit = randomInt(data.length * 8);
        tried += 1;
        const { status, said } = auditWith(dir, path, flipped(data, bit), data);
        if (status !== 1 || !said.startsWith('FAIL ')) accepted.push(`${kind}: bit ${bit} of ${path}: ${said}`);
      }
    }
    expect(accepted).toEqual([]);
    expect(tried).toBeGreaterThanOrEqual(8 * flips);
  }, 600_000);

  it('is refused when a file that it needs is missing, empty, cut or longer', () => {
    const accepted: string[] = [];
    for (const [kind, paths] of byKind(files)) {
      const path = paths[randomInt(paths.length)] as string;
      const data = files.get(path) as Buffer;
      const changes = {
        empty: Buffer.alloc(0),
        cut: data.subarray(0, -1),
        longer: Buffer.concat([data, Buffer.of(10)]),
      };
      for (const [change, changed] of Object.entries(changes)) {
        const { status, said } = auditWith(dir, path, changed, data);
        if (status !== 1) accepted.push(`${kind}: ${path} ${change}: ${said}`);
      }
      // An inclusion proof stands alone: leaving one out takes nothing from the log.
      if (kind === 'proof') continue;
      renameSync(join(dir, path), join(place, 'aside'));
      const { status, said } = audit(dir);
      if (status !== 1) accepted.push(`${kind}: ${path} missing: ${said}`);
      renameSync(join(place, 'aside'), join(dir, path));
    }
    expect(accepted).toEqual([]);
    expect(audit(dir).status).toBe(0);
  }, 600_000);
});

describe('the auditor', () => {
  it('accepts logs of every awkward size', () => {
    for (const size of [0, 1, 2, 255, 256, 257, 512, 65_536, 65_537]) {
      const dir = join(place, `size-${size}`);
      write(dir, exportOf(randomLeaves(size)));
      expect(audit(dir).said).toMatch(new RegExp(`^OK ${ORIGIN}: ${size} entries`));
    }
  }, 120_000);

  it('refuses a small export with the lowest bit of any character flipped, where base64 has bits to spare', () => {
    const dir = join(place, 'small');
    const files = exportOf(randomLeaves(3));
    write(dir, files);
    const accepted: string[] = [];
    for (const path of ['checkpoint', 'consistency/1.txt', 'proofs/0.tlog-proof']) {
      const data = files.get(path) as Buffer;
      for (let bit = 0; bit < data.length * 8; bit += 8) {
        if (auditWith(dir, path, flipped(data, bit), data).status !== 1) accepted.push(`bit ${bit} of ${path}`);
      }
    }
    expect(accepted).toEqual([]);
  }, 300_000);

  it('refuses a log whose every file was made anew around one altered entry, by its checkpoint', () => {
    const dir = join(place, 'rewritten');
    const leaves = randomLeaves(300);
    const files = exportOf(leaves);
    const rewritten = exportOf(leaves.with(7, randomLeaves(1)[0] as Buffer));
    write(dir, rewritten.set('checkpoint', files.get('checkpoint') as Buffer));
    expect(audit(dir)).toEqual({ status: 1, said: expect.stringContaining('not the signed') as string });
  });

  it('refuses a proof whose checkpoint is of another tree, though well signed', () => {
    const dir = join(place, 'split-view');
    const files = exportOf(randomLeaves(300));
    const other = exportOf(randomLeaves(300));
    write(dir, files.set('proofs/0.tlog-proof', other.get('proofs/0.tlog-proof') as Buffer));
    expect(audit(dir)).toEqual({ status: 1, said: expect.stringContaining('proofs/0.tlog-proof') as string });
  });

  it('refuses a checkpoint of another key', () => {
    const dir = join(place, 'other-key');
    const stranger = noteSigner(generateSignerKey(ORIGIN, randomBytes(32)));
    write(dir, exportOf(randomLeaves(5)).set('vkey', Buffer.from(`${stranger.vkey}\n`)));
    expect(audit(dir).status).toBe(1);
  });

  it('refuses tiles that the log does not account for', () => {
    const dir = join(place, 'surplus');
    write(dir, exportOf(randomLeaves(5)).set('tile/0/000.p/4', Buffer.alloc(128)));
    expect(audit(dir)).toEqual({ status: 1, said: expect.stringContaining('does not belong here') as string });
  });
});

/** The export of a log, with proofs made from its own tiles. */
function exportOf(leaves: readonly Buffer[]): Export {
  const files: Export = new Map(exportFiles({ origin: ORIGIN, signer, leaves }));
  const size = leaves.length;
  const tiles = new TileSet(files.size);
  for (const [path, data] of files) {
    const tile = parseTilePath(path);
    if (tile?.kind === 'tile') tiles.put(tile, data);
  }
  const checkpoint = String(files.get('checkpoint'));
  for (const index of proofIndexes(size)) {
    const proof = { extra: leaves[index] as Buffer, index, path: inclusionPath(index, size, tiles), checkpoint };
    files.set(`proofs/${index}.tlog-proof`, Buffer.from(formatTlogProof(proof)));
  }
  const hashes = leaves.map((leaf) => leafHash(leaf));
  for (const old of oldSizes(size)) {
    const step = { oldSize: old, path: consistencyPath(old, size, tiles), checkpoint };
    files.set(`consistency/${old}.txt`, Buffer.from(formatConsistency(step)));
    const before = formatCheckpoint({ origin: ORIGIN, size: old, root: merkleRoot(hashes.slice(0, old)) });
    files.set(`consistency/${old}.old`, Buffer.from(signer.sign(before)));
  }
  return files;
}

function proofIndexes(size: number): number[] {
  return [...new Set([0, 1, 255, 256, Math.floor(size / 2), size - 257, size - 1])].filter((i) => i >= 0 && i < size);
}

function oldSizes(size: number): number[] {
  return [...new Set([0, 1, 256, 257, Math.floor(size / 2), size - 1, size])].filter((i) => i >= 0 && i <= size);
}

function byKind(files: Export): Map<string, string[]> {
  const kinds = new Map<string, string[]>();
  for (const path of files.keys()) {
    const kind = kindOf(path);
    if (kind !== 'vkey') kinds.set(kind, [...(kinds.get(kind) ?? []), path]);
  }
  return kinds;
}

function kindOf(path: string): string {
  const tile = parseTilePath(path);
  if (tile !== null) return `${tile.width < 256 ? 'partial' : 'full'} ${tile.kind} of level ${tile.level}`;
  if (path.startsWith('proofs/')) return 'proof';
  return path.replace(/\/.*\./, '.');
}

function randomLeaves(count: number): Buffer[] {
  return Array.from({ length: count }, () => randomBytes(98));
}

function flipped(data: Buffer, bit: number): Buffer {
  const copy = Buffer.from(data);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

function write(dir: string, files: Export): void {
  for (const [path, data] of files) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), data);
  }
}

function auditWith(dir: string, path: string, data: Buffer, restored: Buffer): { status: number | null; said: string } {
  writeFileSync(join(dir, path), data);
  const result = audit(dir);
  writeFileSync(join(dir, path), restored);
  return result;
}

function audit(dir: string): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(program, [dir], { encoding: 'utf8' });
  return { status, said: stdout + stderr };
}
