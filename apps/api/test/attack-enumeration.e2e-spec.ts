import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { type Answer, call, invitationOf, PASSWORD, personWith } from './caller.testing.js';
import { rankDistance, shuffled } from './rank.testing.js';
import { type TestServer, testServer } from './server.testing.js';

/** Beyond this many standard deviations two kinds count as told apart: by chance, in one run of ten thousand. */
const TOLD_APART = 4.5;
const PLANTED_MS = 30;
/** Of SignInService. */
const BEAT_MS = 250;
const ACCOUNTS = 12;
/** Wrong passwords that each account is tried with; ten would block it. */
const TRIES = 6;

type Kind = 'unknown' | 'wrong password' | 'disabled' | 'invited';
const kinds: readonly Kind[] = ['unknown', 'wrong password', 'disabled', 'invited'];
/** The control: answers as the first kind does, and whoever asks sees it a moment later. */
const LATER = 'unknown, and later';

describe('who has an account', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await testServer({ LOG_LEVEL: 'error' });
    for (let n = 0; n < ACCOUNTS; n += 1) {
      await personWith(server, emailOf('wrong password', n), ['reviewer']);
      await personWith(server, emailOf('disabled', n), ['reviewer']);
      await invitationOf(server, emailOf('invited', n), 'reviewer');
    }
    await server.app
      .get(DataSource)
      .query(`UPDATE identity.account SET status = 'disabled' WHERE email LIKE 'disabled-%'`);
  }, 60_000);
  afterAll(() => server.close());

  let asked = 0;
  /** From another network each time: limits of addresses are not what is asked about. */
  const login = (email: string, password = 'not the password at all'): Promise<Answer> => {
    asked += 1;
    const from = `10.${String(asked >> 8)}.${String(asked & 255)}.1`;
    return call(server, 'POST', '/api/v1/auth/login', { body: { email, password }, from });
  };

  it('is not told by the answer to a refused login, not by one byte', async () => {
    const told = async (kind: Kind, password?: string) => {
      const { status, headers, text } = await login(emailOf(kind, 0), password);
      const { 'x-request-id': id, date: _, ...rest } = headers;
      return { status, headers: rest, text: text.replace(String(id), '<id>') };
    };
    const first = await told('unknown');
    expect(first.status).toBe(401);
    for (const kind of kinds) expect([kind, await told(kind)]).toEqual([kind, first]);
    for (const kind of ['disabled', 'invited'] as const)
      expect([kind, await told(kind, PASSWORD)]).toEqual([kind, first]);
  });

  it('is not told by the time that a refused login takes', async () => {
    const times = new Map<string, number[]>([...kinds, LATER].map((kind) => [kind, []]));
    const timeOf = (kind: string): readonly number[] => times.get(kind) ?? [];
    const measure = async (kind: Kind | typeof LATER, round: number): Promise<void> => {
      const email = emailOf(kind === LATER ? 'unknown' : kind, kind === LATER ? ACCOUNTS + round : round % ACCOUNTS);
      const began = performance.now();
      const { status } = await login(email);
      if (kind === LATER) await sleep(PLANTED_MS);
      times.get(kind)?.push(performance.now() - began);
      expect(status).toBe(401);
    };
    // Raw, and as somebody looks at it who knows that refusals leave at whole beats: what a busy machine adds is mostly beats.
    const apart = (one: string, other: string): boolean =>
      [(ms: number) => ms, (ms: number) => ms % BEAT_MS].some(
        (look) => Math.abs(rankDistance(timeOf(one).map(look), timeOf(other).map(look))) > TOLD_APART,
      );
    const seen = (): boolean => apart('unknown', LATER);
    // One of each kind at a time, in random order; as many rounds as it takes to see what was planted, and a third at the least.
    for (let round = 0; round < ACCOUNTS * TRIES && !(round >= 2 * ACCOUNTS && seen()); round += 1)
      await Promise.all(shuffled([...kinds, LATER] as const, Math.random).map((kind) => measure(kind, round)));

    expect({ planted: seen(), rounds: timeOf('unknown').length }).toMatchObject({ planted: true });
    const pairs = kinds.flatMap((one, at) => kinds.slice(at + 1).map((other) => [one, other] as const));
    const told = pairs.filter(([one, other]) => apart(one, other));
    expect(told).toEqual([]);
  });
});

describe('the rank test', () => {
  const numbers = (count: number, shift: number, random: () => number): readonly number[] =>
    Array.from({ length: count }, () => random() * 100 + shift);
  /** Mulberry32: the same numbers in every run. */
  const seeded = (seed: number) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };

  it('sees a shift, calls nothing a difference that is none, and is not misled by ties', () => {
    const random = seeded(20_261_125);
    expect(rankDistance(numbers(60, 0, random), numbers(60, 60, random))).toBeLessThan(-TOLD_APART);
    const alike = Array.from({ length: 2_000 }, () => rankDistance(numbers(40, 0, random), numbers(40, 0, random)));
    expect(alike.filter((distance) => Math.abs(distance) > TOLD_APART)).toEqual([]);
    expect(alike.filter((distance) => Math.abs(distance) > 1.96).length / alike.length).toBeCloseTo(0.05, 1);
    expect(rankDistance([1, 1, 1], [1, 1])).toBe(0);
    expect(rankDistance([1, 2], [3, 4])).toBeCloseTo(-1.549, 3);
  });
});

const emailOf = (kind: string, n: number): string => `${kind.replaceAll(/\W+/g, '-')}-${String(n)}@lexecon.example`;
