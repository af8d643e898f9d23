import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { identitySettings } from '../identity.config.js';
import { guessable } from './guessable.js';
import { isNewPassword } from './password.rules.js';

const page = readFileSync('docs/security/people.md', 'utf8');
const defaults: Readonly<Record<string, unknown>> = z.object(identitySettings).parse({});

/** Rows of the table of values: what, how much, which setting. */
const rows = [...page.matchAll(/^\| ([a-z][^|]*?) +\| +(\d+) \| (?:`([A-Z_]+)`)? *\|$/gm)].map(
  ([, what = '', value = '', setting]) => ({ what, value: Number(value), setting }),
);
const valueOf = (what: string): number => rows.find((row) => row.what === what)?.value ?? Number.NaN;

describe('the values that docs/security/people.md states', () => {
  it('are the defaults of the settings it names', () => {
    const named = rows.filter(({ setting }) => setting !== undefined);
    expect(named.length).toBeGreaterThan(3);
    expect(named.map(({ setting, value }) => [setting, value])).toEqual(
      named.map(({ setting = '' }) => [setting, defaults[setting]]),
    );
  });

  it('are the lengths at which passwords are taken and refused', () => {
    const [shortest, longest] = [valueOf('shortest password, characters'), valueOf('longest password, characters')];
    const taken = [shortest - 1, shortest, longest, longest + 1].map((length) => isNewPassword('x'.repeat(length)));
    expect(taken).toEqual([false, true, true, false]);
  });

  it('are the parts that a password must have', () => {
    const least = valueOf('different parts that a password has at the least');
    const words = ['dragon', 'monkey', 'shadow', 'master', 'football'];
    expect(guessable(words.slice(0, least - 1).join(' '), [])).not.toBeNull();
    expect(guessable(words.slice(0, least).join(' '), [])).toBeNull();
  });
});
