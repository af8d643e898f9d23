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
});
