import { Passwords } from './password.js';

const cheap = { PASSWORD_MEMORY_KIB: 7_168, PASSWORD_PASSES: 1, PASSWORD_LANES: 1 };
const passwords = new Passwords(cheap);

describe('a password', () => {
  it('is kept as an Argon2id PHC string at the cost of the settings', async () => {
    expect(await passwords.hash('correct horse battery')).toMatch(/^\$argon2id\$v=19\$m=7168,t=1,p=1\$/);
  });

  it('is matched by itself, however its characters were composed, and by nothing else', async () => {
    const stored = await passwords.hash('Amélie likes 15 cafés');
    expect(await passwords.matches(stored, 'Ame\u0301lie likes 15 cafe\u0301s')).toBe(true);
    expect(await passwords.matches(stored, 'amélie likes 15 cafés')).toBe(false);
    expect(await passwords.matches(stored, '')).toBe(false);
  });

  it('may hold anything, to the last of 128 characters', async () => {
    const long = `${'🔑'.repeat(127)}\u0000`;
    const stored = await passwords.hash(long);
    expect(await passwords.matches(stored, long)).toBe(true);
    expect(await passwords.matches(stored, long.slice(0, -1))).toBe(false);
  });

  it('matches nothing where none is stored', async () => {
    expect(await passwords.matches(null, 'anything at all')).toBe(false);
  });

  it('is outdated when the cost has changed since', async () => {
    const stored = await passwords.hash('correct horse battery');
    expect(passwords.isOutdated(stored)).toBe(false);
    expect(new Passwords({ ...cheap, PASSWORD_PASSES: 2 }).isOutdated(stored)).toBe(true);
  });
});
