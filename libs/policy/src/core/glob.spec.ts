import fc from 'fast-check';
import { anyGlob, glob, globProblem, stemOf, stemsOf } from './glob.js';

describe('glob', () => {
  it.each([
    ['orders', 'orders', true],
    ['o', 'orders-bot', false],
    ['orders', 'orders-bot', false],
    ['bot', 'orders-bot', false],
    ['orders-*', 'orders-2024', true],
    ['orders-*', 'orders-', false],
    ['orders-*', 'orders-a/b', false],
    ['ticket:*', 'ticket:close', true],
    ['ticket:*', 'ticket:close:now', false],
    ['ticket:**', 'ticket:close:now', true],
    ['ticket:**', 'ticket:', true],
    ['*', 'a', true],
    ['*', '', false],
    ['*', 'a:b', false],
    ['**', '', true],
    ['**', 'a:b/c', true],
    ['*:read', 'database:read', true],
    ['*:read', ':read', false],
    ['**:read', 'a:b:read', true],
    ['a*b*c', 'axbyc', true],
    ['a*b*c', 'abc', false],
    ['a**c', 'ac', true],
    ['**/secret/**', 'x/secret/y', true],
    ['**/secret/**', 'secret/y', false],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
  ])('%s against %s is %s', (pattern, value, expected) => {
    expect(glob(pattern)(value)).toBe(expected);
  });

  it('agrees with a regular expression on every pattern and value', () => {
    const part = fc.constantFrom('a', 'b', ':', '/', '*', '**');
    const patterns = fc
      .array(part, { minLength: 1, maxLength: 8 })
      .map((parts) => parts.join('').replace(/\*{3,}/g, '**'));
    const values = fc.array(fc.constantFrom('a', 'b', ':', '/'), { maxLength: 10 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(patterns, values, (pattern, value) => {
        const source = pattern.replace(/\*\*|\*/g, (star) => (star === '**' ? '.*' : '[^:/]+'));
        expect(glob(pattern)(value)).toBe(new RegExp(`^${source}$`, 's').test(value));
        expect(anyGlob([pattern, 'zzz'])(value)).toBe(glob(pattern)(value));
        if (pattern.includes('*') && glob(pattern)(value)) expect(stemsOf(value)).toContain(stemOf(pattern));
      }),
      { numRuns: 3000 },
    );
  });

  it('takes no more than linear time on a pattern made to backtrack', () => {
    const pattern = `${'a*'.repeat(100)}b`;
    const started = performance.now();
    expect(glob(pattern)('a'.repeat(4000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('finds fault with three stars in a row', () => {
    expect(globProblem('a***')).toMatch(/three or more/);
    expect(globProblem('a**:*')).toBeNull();
  });
});
