import { type Footing, step, unproven } from './hysteresis.js';

const thresholds = { failures: 3, successes: 2 };
const after = (answers: readonly boolean[], from: Footing = unproven(thresholds)): boolean =>
  answers.reduce((footing, passed) => step(footing, passed, thresholds), from).serving;

describe('hysteresis', () => {
  it('does not serve before the first pass', () => expect(after([])).toBe(false));
  it('serves after the first pass', () => expect(after([true])).toBe(true));
  it('does not serve when the first answers are failures', () => expect(after([false, false, true])).toBe(false));
  it('goes on serving through two failures', () => expect(after([true, false, false])).toBe(true));
  it('leaves at the third failure in a row', () => expect(after([true, false, false, false])).toBe(false));
  it('counts failures in a row, not in all', () => expect(after([true, false, false, true, false, false])).toBe(true));
  it('comes back only at the second pass in a row', () => {
    expect(after([true, false, false, false, true])).toBe(false);
    expect(after([true, false, false, false, true, false, true])).toBe(false);
    expect(after([true, false, false, false, true, true])).toBe(true);
  });
});
