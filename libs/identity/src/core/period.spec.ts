import { periodOf } from './period.js';

const at = (moment: string, months: readonly number[]): string | undefined => periodOf(new Date(moment), months)?.name;

describe('the period that the calendar asks for', () => {
  it('begins with the first day of its month, in UTC', () => {
    expect(at('2026-09-30T23:59:59.999Z', [1, 4, 7, 10])).toBe('2026-07');
    expect(at('2026-10-01T00:00:00.000Z', [1, 4, 7, 10])).toBe('2026-10');
  });

  it('reaches back over the turn of the year', () => {
    expect(at('2027-01-01T00:00:00Z', [4, 10])).toBe('2026-10');
    expect(at('2027-12-31T00:00:00Z', [6])).toBe('2027-06');
  });

  it('knows its own first moment', () => {
    expect(periodOf(new Date('2026-11-25T13:00:00Z'), [1, 4, 7, 10])?.from).toEqual(new Date('2026-10-01T00:00:00Z'));
    expect(periodOf(new Date('2026-11-25T13:00:00Z'), [])).toBeNull();
  });
});
