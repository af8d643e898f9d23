import {
  leafHash,
  merkleRoot,
  noteVerifier,
  openNote,
  parseCheckpoint,
  parseTlogProof,
  verifyConsistency,
  verifyInclusion,
} from '@lexecon/crypto';
import { ProblemError } from '@lexecon/auth';
import { TestLog } from '../test/log.js';
import { LEAF_BYTES, type Receipt } from './core/index.js';
import type { Head } from './head.reader.js';
import type { Sequencer } from './sequencer.task.js';

describe('proofs from the database', () => {
  let log: TestLog;
  let sequencer: Sequencer;
  let head: Head;
  let hashes: readonly Buffer[];
  let leaves: Buffer;
  const rootAt = (size: number): Buffer => merkleRoot(hashes.slice(0, size));

  beforeAll(async () => {
    log = await TestLog.create();
    sequencer = log.sequencer();
    sequencer.start();
    await log.fill(598, 130);
    await log.published(600);
    await sequencer.stop();
    const { heads, tiles } = log.readers();
    head = await heads.newest();
    leaves = await tiles.leaves(head.logId, 0, head.size);
    hashes = Array.from({ length: head.size }, (_, i) =>
      leafHash(leaves.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES)),
    );
  }, 60_000);
  afterAll(async () => {
    await log.close();
  });

  it('rebuilds the signed note of the newest published head', () => {
    const { text } = openNote(head.checkpoint, [noteVerifier(log.keys.logSigner(head.shard).vkey)]);
    expect(parseCheckpoint(text)).toEqual({
      origin: `log.test/${head.shard}`,
      size: head.size,
      root: rootAt(head.size),
    });
  });

  it('proves every entry under the newest head', async () => {
    const { proofs } = log.readers();
    for (let index = 0; index < head.size; index++) {
      const { path, checkpoint } = await proofs.inclusion(head, index);
      expect(checkpoint).toBe(head.checkpoint);
      const proof = { leafHash: hashes[index] as Buffer, index, size: head.size, path, root: head.root };
      expect(verifyInclusion(proof)).toBe(true);
      expect(verifyInclusion({ ...proof, leafHash: hashes[(index + 1) % head.size] as Buffer })).toBe(false);
    }
  });

  it('proves entries at sizes where tiles were still partial, whatever was asked before', async () => {
    const { proofs } = log.readers();
    for (const size of [1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 599, 600, 200, 77])
      for (const index of [0, 1, 254, 255, 256, size - 1].filter((i) => i < size)) {
        const { path } = await proofs.inclusion(head, index, size);
        expect(verifyInclusion({ leafHash: hashes[index] as Buffer, index, size, path, root: rootAt(size) })).toBe(
          true,
        );
      }
  });

  it('proves that the log only grew, between any two sizes', async () => {
    const { proofs } = log.readers();
    const sizes = [0, 1, 2, 100, 255, 256, 257, 512, 599, 600];
    for (const from of sizes)
      for (const to of sizes.filter((size) => size >= from)) {
        const { path } = await proofs.consistency(head, from, to);
        const step = { oldSize: from, oldRoot: rootAt(from), newSize: to, newRoot: rootAt(to), path };
        expect(verifyConsistency(step)).toBe(true);
        if (from > 0) expect(verifyConsistency({ ...step, oldRoot: rootAt(from - 1) })).toBe(false);
      }
  });

  it('refuses what the published log does not reach, naming the parameter', async () => {
    const { proofs } = log.readers();
    const pointers = async (attempt: Promise<unknown>): Promise<unknown> => {
      const error: unknown = await attempt.catch((thrown: unknown) => thrown);
      return error instanceof ProblemError ? error.problem.errors?.map(({ pointer }) => pointer) : error;
    };
    expect(await pointers(proofs.inclusion(head, 600))).toEqual(['/index']);
    expect(await pointers(proofs.inclusion(head, 0, 601))).toEqual(['/size']);
    expect(await pointers(proofs.consistency(head, 0, 601))).toEqual(['/to']);
    expect(await pointers(proofs.consistency(head, 600, 599))).toEqual(['/from']);
  });

  it('gives the tiles and the tree of C2SP tlog-tiles', async () => {
    const { tiles } = log.readers();
    expect(await tiles.tile(head.logId, { level: 0, n: 1, width: 256 })).toEqual(Buffer.concat(hashes.slice(256, 512)));
    expect(await tiles.tile(head.logId, { level: 0, n: 2, width: 88 })).toEqual(Buffer.concat(hashes.slice(512, 600)));
    expect(await tiles.tile(head.logId, { level: 0, n: 2, width: 5 })).toEqual(Buffer.concat(hashes.slice(512, 517)));
    const roots = [rootAt(256), merkleRoot(hashes.slice(256, 512))];
    expect(await tiles.tile(head.logId, { level: 1, n: 0, width: 2 })).toEqual(Buffer.concat(roots));
  });

  it('waits for the proof of an entry that was just acknowledged', async () => {
    const { proofs } = log.readers();
    const [receipt] = (await log.append('waited for')) as readonly [Receipt];
    expect(await proofs.awaitProof(receipt.entry, 120)).toBeNull();
    const again = log.sequencer();
    again.start();
    const [proof, twice] = await Promise.all([
      proofs.awaitProof(receipt.entry, 5_000),
      proofs.awaitProof(receipt.entry, 5_000),
    ]);
    await again.stop();
    expect(proof).toMatchObject({ index: 600, size: 601 });
    expect(twice).toEqual(proof);
    const file = parseTlogProof((await proofs.tlogProof(receipt.entry)) ?? '');
    expect(file.extra.toString('base64')).toBe(receipt.leaf);
    const { root, size } = parseCheckpoint(
      openNote(file.checkpoint, [noteVerifier(log.keys.logSigner(head.shard).vkey)]).text,
    );
    expect(verifyInclusion({ leafHash: leafHash(file.extra), index: file.index, size, path: file.path, root })).toBe(
      true,
    );
  });

  it('has no proof of an entry that nobody appended', async () => {
    expect(await log.readers().proofs.entryProof('0199f0c4-0000-7000-8000-000000000001')).toBeNull();
  });
});
