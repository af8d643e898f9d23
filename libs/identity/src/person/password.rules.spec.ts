import { isNewPassword, refuseGuessable } from './password.rules.js';

describe('a new password', () => {
  it.each([
    ['15 letters', 'x'.repeat(15)],
    ['128 letters', 'x'.repeat(128)],
    ['spaces', ' '.repeat(15)],
    ['15 emoji', '🔑'.repeat(15)],
    ['128 emoji', '🔑'.repeat(128)],
    ['control characters', '\u0000\u0007'.repeat(8)],
    ['15 letters in lower case only, without a digit or a sign', 'abcdefghijklmno'],
  ])('may be %s', (_, password) => {
    expect(isNewPassword(password)).toBe(true);
  });

  it.each([
    ['14 letters', 'x'.repeat(14)],
    ['129 letters', 'x'.repeat(129)],
    ['14 emoji, though they take 28 units', '🔑'.repeat(14)],
    ['129 emoji', '🔑'.repeat(129)],
    ['14 letters with combining accents', 'e\u0301'.repeat(14)],
    ['ligatures that stand for more than 128 characters', 'ﷺ'.repeat(15)],
    ['half a surrogate pair', `${'x'.repeat(15)}\ud800`],
    ['a number', 123_456_789_012_345],
    ['a megabyte', 'x'.repeat(1_000_000)],
  ])('may not be %s', (_, password) => {
    expect(isNewPassword(password)).toBe(false);
  });

  it('is refused with the reason and the field, and without itself', () => {
    const refused = (password: string): unknown => {
      try {
        refuseGuessable(password, 'ada@engine.example', ['acme']);
        return undefined;
      } catch (error) {
        return error;
      }
    };
    expect(refused('correct horse battery staple')).toBeUndefined();
    expect(refused('EngineEngineAcme')).toMatchObject({
      problem: {
        status: 422,
        errors: [{ pointer: '/password', detail: expect.stringContaining('words about this service') as unknown }],
      },
    });
    expect(JSON.stringify(refused('EngineEngineAcme'))).not.toContain('EngineEngineAcme');
  });
});
