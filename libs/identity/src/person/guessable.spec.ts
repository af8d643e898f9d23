import { dictionary } from '@zxcvbn-ts/language-common';
import { guessable, wordsOfEmail } from './guessable.js';

const context = ['lexecon', 'acme', ...wordsOfEmail('ada.lovelace@engine.example')];

describe('a password that is easy to guess', () => {
  it.each([
    ['passwordpassword1', 'common passwords'],
    ['qwertyuiopasdfg', 'common passwords'],
    ['aaaaaaaaaaaaaaa', 'one character repeated'],
    ['🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑', 'one character repeated'],
    ['abcdefghijklmnop', 'sequences'],
    ['zyxwvutsrqponmlk', 'sequences'],
    ['1234567890123456', 'common passwords'],
    ['P@ssw0rdP@ssw0rd', 'common passwords'],
    ['l3tm3!nl3tm3!nl3tm3!n', 'common passwords'],
    ['qwerty123qwerty123', 'common passwords'],
    ['summer2026summer2026', 'short numbers'],
    ['monkey-dragon-shadow', 'common passwords'],
    ['LexeconLexecon2026', 'words about this service'],
    ['lexecon password', 'words about this service'],
    ['acme.acme.acme.1', 'words about this service'],
    ['AdaLovelace2026!', 'words about this service'],
    ['engine engine 12', 'words about this service'],
    ['q1w2e3r4t5y6u7i8o9p0', 'common passwords'],
    ['abababababababab', 'single characters'],
  ])('is found, with the reason: %s', (password, why) => {
    expect(guessable(password, context)).toContain(why);
  });

  it.each([
    ['correct horse battery staple'],
    ['correcthorsebatterystaple'],
    ['my dog ate my homework'],
    ['Amélie likes 15 cafés'],
    ['Xk9$mQ2vLp7!wZ4tR'],
    ['839201746529183'],
    ['Lexecon kept my weekend free'],
    ['пароль не для чужих глаз'],
  ])('is not %s', (password) => {
    expect(guessable(password, context)).toBeNull();
  });

  it('is each of the 3000 most common passwords, repeated until it is long enough', () => {
    const top = dictionary['passwords-common'].slice(0, 3_000);
    expect(top).toHaveLength(3_000);
    const missed = top.filter((word) => guessable(word.repeat(Math.ceil(15 / word.length)), []) === null);
    expect(missed).toEqual([]);
  });

  it('is each common password that is long enough as it is', () => {
    const long = dictionary['passwords-common'].filter((word) => Array.from(word).length >= 15);
    expect(long.length).toBeGreaterThan(30);
    expect(long.filter((word) => guessable(word, []) === null)).toEqual([]);
  });
});
