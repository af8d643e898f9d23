import { isAttributes, LINE, ROLE_NAME } from './text.rules.js';

const nested = (depth: number): object => (depth === 1 ? {} : { a: nested(depth - 1) });

describe('attributes', () => {
  it.each([[{}], [{ team: 'support', limits: [1, 2, { deep: null }] }], [nested(8)], [{ text: 'back\\slash u0000' }]])(
    'may be %j',
    (value) => {
      expect(isAttributes(value)).toBe(true);
    },
  );

  it.each([
    ['no object', 'text'],
    ['null', null],
    ['a list', []],
    ['nine levels', nested(9)],
    ['257 values', { list: Array.from({ length: 256 }, () => 1) }],
    ['more than 16 KiB', { text: 'x'.repeat(16 * 1024) }],
    ['a NUL character', { text: 'a\u0000b' }],
    ['a NUL character in a name', { 'a\u0000b': 1 }],
    ['half a surrogate pair', { text: '\ud800' }],
  ])('may not be %s', (_, value) => {
    expect(isAttributes(value)).toBe(false);
  });
});

describe('names', () => {
  it('of roles are lower-case words that globs of policies can name', () => {
    expect(['support-agent', 'team:eu.sales'].every((name) => ROLE_NAME.test(name))).toBe(true);
    expect(['', 'Admin', '-x', 'a b', 'x\n', 'a'.repeat(65)].some((name) => ROLE_NAME.test(name))).toBe(false);
  });

  it('are one line without control characters', () => {
    expect(LINE.test('Ærø 42 ✓ 𝒳')).toBe(true);
    expect(['a\nb', 'a\u0000', '\ud800', '\u001b[31m'].some((text) => LINE.test(text))).toBe(false);
  });
});
