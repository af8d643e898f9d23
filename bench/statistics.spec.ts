import { percentile, quantile, spreadOf } from './statistics.js';

describe('statistics', () => {
  it('gives the middle of an odd number of rounds, and the mean of both middles of an even one', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, lowest: 1, highest: 3 });
    expect(spreadOf([4, 1, 2, 3]).median).toBe(2.5);
  });

  it('gives the smallest observation that as many as asked do not exceed', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect([0.5, 0.95, 0.99, 1].map((share) => percentile(values, share))).toEqual([50, 95, 99, 100]);
  });

  it('weighs each distribution by its observations', () => {
    const quick = { observations: 900, steps: [1, 1, 1] };
    const slow = { observations: 100, steps: [10] };
    expect(quantile([quick, slow], 0.9)).toBe(1);
    expect(quantile([quick, slow], 0.91)).toBe(10);
  });
});
