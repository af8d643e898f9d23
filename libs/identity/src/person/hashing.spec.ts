import { ProblemError } from '@lexecon/auth';
import { inLine, inThreads } from './hashing.js';

const cost = { memoryCost: 7_168, timeCost: 1, parallelism: 1 };

describe('hashing', () => {
  it.each([inLine, inThreads(1, 0)])('gives hashes that match, whatever way it runs (%#)', async (hashing) => {
    const stored = await hashing.hash('correct horse battery', cost);
    expect(stored).toMatch(/^\$argon2id\$/);
    expect(await inLine.verify(stored, 'correct horse battery')).toBe(true);
    expect(await hashing.verify(stored, 'something else')).toBe(false);
  });

  it('in threads lets so many wait and refuses further ones, and goes on afterwards', async () => {
    const hashing = inThreads(2, 3);
    const settled = await Promise.allSettled(Array.from({ length: 9 }, () => hashing.hash('x', cost)));
    expect(settled.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 5 }, () => 'fulfilled'),
      ...Array.from({ length: 4 }, () => 'rejected'),
    ]);
    for (const result of settled) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ProblemError);
    const again = await Promise.all(Array.from({ length: 5 }, () => hashing.hash('x', cost)));
    expect(again).toHaveLength(5);
  });

  it('in threads gives a place back that a failed hash had', async () => {
    const hashing = inThreads(1, 0);
    for (let i = 0; i < 3; i += 1) await expect(hashing.verify('no hash at all', 'x')).rejects.toThrow();
    expect(await hashing.hash('x', cost)).toMatch(/^\$argon2id\$/);
  });

  it.each([
    ['in threads leaves the event loop to others', inThreads(1, 0), ['turn', 'hash']],
    ['in line keeps it until the hash is done', inLine, ['hash', 'turn']],
  ] as const)('%s', async (_, hashing, order) => {
    const seen: string[] = [];
    const turn = new Promise<void>((resolve) => {
      setImmediate(() => {
        seen.push('turn');
        resolve();
      });
    });
    await hashing.hash('x', cost);
    seen.push('hash');
    await turn;
    expect(seen).toEqual(order);
  });
});
