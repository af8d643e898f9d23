import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { EntryProof } from './core/index.js';
import { PlaceWaiter } from './place.waiter.js';

const PROOF: EntryProof = { shard: '2026h2', index: 0, size: 1, path: [], checkpoint: '' };

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const heapUsed = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

describe('waiting for places', () => {
  it('answers everybody who waits for one entry, and null to those whose time is over', async () => {
    let known = false;
    const waiter = new PlaceWaiter((ids) =>
      Promise.resolve(new Map(ids.filter((id) => known && id === 'a').map((id) => [id, PROOF]))),
    );
    const waits = [waiter.wait('a', 1_000), waiter.wait('a', 1_000), waiter.wait('a', 10), waiter.wait('b', 200)];
    setTimeout(() => (known = true), 60);
    expect(await Promise.all(waits)).toEqual([PROOF, PROOF, null, null]);
  });

  it('rejects for everybody while the ledger cannot be read, and asks again for those who come later', async () => {
    let down = true;
    const waiter = new PlaceWaiter((ids) =>
      down ? Promise.reject(new Error('down')) : Promise.resolve(new Map(ids.map((id) => [id, PROOF]))),
    );
    const results = await Promise.allSettled([waiter.wait('a', 1_000), waiter.wait('b', 1_000)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    down = false;
    expect(await waiter.wait('a', 1_000)).toEqual(PROOF);
  });

  it('remembers nothing of those it answered while somebody else keeps it asking', async () => {
    let over = false;
    const waiter = new PlaceWaiter((ids) =>
      Promise.resolve(new Map(ids.filter((id) => over || id !== 'late').map((id) => [id, PROOF]))),
    );
    const late = waiter.wait('late', 60_000);
    const round = async (): Promise<void> => {
      await Promise.all(Array.from({ length: 10_000 }, (_, i) => waiter.wait(String(i), 60_000)));
    };
    await round();
    const before = heapUsed();
    for (let i = 0; i < 4; i++) await round();
    expect(heapUsed() - before).toBeLessThan(4_000_000);
    over = true;
    expect(await late).toEqual(PROOF);
  });
});
