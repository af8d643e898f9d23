import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root } from './machine.js';
import { filledPage } from './report.js';
import { kept } from './results.js';

describe('the baseline', () => {
  const page = join(root, 'docs/performance.md');

  it('on the page is the one that was measured', async () => {
    const filled = await format(filledPage(), { ...(await resolveConfig(page)), filepath: page });
    expect(readFileSync(page, 'utf8')).toBe(filled);
  });

  it('names its machine and rests on at least five rounds', () => {
    const throughput = kept('throughput');
    expect(throughput?.machine).toBeDefined();
    expect(throughput?.plan.rounds).toBeGreaterThanOrEqual(5);
    expect(kept('evaluation')).toBeDefined();
    expect(kept('proofs')).toBeDefined();
  });

  it('takes and refuses from a million buckets in less than two microseconds', () => {
    for (const take of ['known key', 'refused key'])
      expect(medianIn(kept('limits')?.markdown, [take], 1)).toBeLessThan(2_000);
  });

  it('has hashing in threads no slower for one who signs in than in line, and far better for the event loop at 32', () => {
    const login = kept('login')?.markdown;
    const [on, off] = [medianIn(login, ['1', 'on'], 4), medianIn(login, ['1', 'off'], 4)];
    expect(on).toBeLessThan(off * 1.05); // the rounds of one kind differ by more than that
    expect(2 * medianIn(login, ['32', 'on'], 5)).toBeLessThan(medianIn(login, ['32', 'off'], 5));
  });
});

/** The median in a column of the row that begins with these cells: of `24.2 [21.5, 25.2]` the first number. NaN when there is none. */
function medianIn(markdown: string | undefined, row: readonly string[], column: number): number {
  const cells = (markdown ?? '')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .find((line) => row.every((cell, at) => line[at + 1] === cell));
  return Number.parseFloat(cells?.[column + 1] ?? '');
}
