import fc from 'fast-check';
import { RE2JS } from 're2js';
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

  it('agrees with a regular expression on patterns of many words', () => {
    const part = fc.constantFrom('a', 'b', 'ab', ':', '*', '**');
    const patterns = fc
      .array(part, { minLength: 30, maxLength: 90 })
      .map((parts) => parts.join('').replace(/\*{2,}/g, '**'));
    fc.assert(
      fc.property(
        patterns,
        fc.infiniteStream(fc.constantFrom('a', 'b', 'c', '')),
        fc.boolean(),
        (pattern, fill, cut) => {
          // Stars become what they stand for, so that most values match; cut ones mostly do not.
          const value = pattern.replace(/\*\*?/g, (star) => (star === '*' ? 'x' : [...fill.take(3)].join('')));
          const text = cut ? value.slice(0, -1) : value;
          const source = pattern.replace(/\*\*|\*/g, (star) => (star === '**' ? '.*' : '[^:/]+'));
          expect(glob(pattern)(text)).toBe(RE2JS.compile(`^(?:${source})$`, RE2JS.DOTALL).test(text));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['one star after the other', `${'a*'.repeat(100)}b`],
    ['two stars after two stars', `${'a**'.repeat(80)}b`],
    ['both in turn', `**${'a*a**'.repeat(40)}b`],
  ])('takes no more than linear time on a pattern made to backtrack: %s', (_, pattern) => {
    const started = performance.now();
    for (let i = 0; i < 100; i++) expect(glob(pattern)(`${'a'.repeat(10_000)}c`)).toBe(false);
    expect(glob(pattern)(`${'a'.repeat(10_000)}cb`)).toBe(true);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('finds fault with three stars in a row', () => {
    expect(globProblem('a***')).toMatch(/three or more/);
    expect(globProblem('a**:*')).toBeNull();
  });
});
