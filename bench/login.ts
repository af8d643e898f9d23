// Signing in with enable_async_auth on and off: two servers over one database, taken in turns. Prints markdown.
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { v7 as uuid7 } from 'uuid';
import { formatApiKey, freshApiKey } from '@lexecon/identity';
import { newFolder, startPostgres } from './postgres.js';
import { ServerProcess } from './server.process.js';
import { percentile, spreadOf } from './statistics.js';

const ROUNDS = Number(process.env['LOGIN_ROUNDS'] ?? 5);
const SECONDS = Number(process.env['LOGIN_SECONDS'] ?? 10);
const CONNECTIONS = [0, 1, 32] as const;
const MODES = ['on', 'off'] as const;
const DECISIONS_A_SECOND = 25;

type Mode = (typeof MODES)[number];

/** Times in milliseconds. */
interface Sample {
  readonly mode: Mode;
  readonly connections: number;
  readonly rate: number;
  readonly loginP50: number;
  readonly loginP95: number;
  readonly delayP99: number;
  readonly delayMax: number;
  readonly decisionP50: number;
  readonly decisionP99: number;
}

interface Person {
  readonly email: string;
  readonly password: string;
}

async function main(): Promise<void> {
  const postgres = await startPostgres('machine');
  const folder = newFolder(tmpdir());
  const apiKey = formatApiKey(freshApiKey('bench'));
  const servers = new Map<Mode, ServerProcess>();
  try {
    for (const mode of MODES) servers.set(mode, await start(folder, postgres.url, apiKey, mode));
    const people = await peopleOf(folder, postgres.url);
    for (const server of servers.values()) await measure(server, 'on', 8, people, apiKey, Math.min(SECONDS, 3));
    const samples: Sample[] = [];
    for (let round = 0; round < ROUNDS; round += 1)
      for (const connections of CONNECTIONS)
        for (const mode of round % 2 ? MODES.toReversed() : MODES) {
          const server = servers.get(mode);
          if (server) samples.push(await measure(server, mode, connections, people, apiKey, SECONDS));
        }
    print(samples);
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()));
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const start = (folder: string, url: string, apiKey: string, mode: Mode): Promise<ServerProcess> =>
  ServerProcess.start(folder, url, apiKey, {
    LEXECON_FLAGS: `enable_async_auth=${String(mode === 'on')}`,
    SIGN_IN_REQUESTS_PER_MINUTE: '1000000',
    SHED_LAG_MS: '60000',
  });

/** As many people as connections, with one password of the demo: limits of one account are not what is measured. */
async function peopleOf(folder: string, url: string): Promise<readonly Person[]> {
  const demo = JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8')) as { readonly people: readonly Person[] };
  const [one] = demo.people;
  if (!one) throw new Error('the demo made nobody');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const people = Array.from({ length: 32 }, (_, i) => ({
    email: `bench-${String(i)}@demo.invalid`,
    password: one.password,
  }));
  for (const { email } of people)
    await client.query(
      `INSERT INTO identity.account (id, email, roles, justification, status, password, totp_secret, totp_enrolled)
       SELECT $1, $2, '{}', 'bench', 'active', password, totp_secret, true FROM identity.account WHERE email = $3`,
      [uuid7(), email, one.email],
    );
  await client.end();
  return people;
}

async function measure(
  server: ServerProcess,
  mode: Mode,
  connections: number,
  people: readonly Person[],
  apiKey: string,
  seconds: number,
): Promise<Sample> {
  await server.order({ do: 'delay' });
  const until = performance.now() + seconds * 1_000;
  const [decisions, ...logins] = await Promise.all([
    decide(server.url, apiKey, until),
    ...people.slice(0, connections).map((person) => logIn(server.url, person, until)),
  ]);
  const report = await server.order({ do: 'stop-delay' });
  const delay = report.said === 'done' ? report.delay : undefined;
  const times = logins.flat();
  return {
    mode,
    connections,
    rate: times.length / seconds,
    loginP50: percentile(times, 0.5),
    loginP95: percentile(times, 0.95),
    delayP99: delay?.p99 ?? 0,
    delayMax: delay?.max ?? 0,
    decisionP50: percentile(decisions, 0.5),
    decisionP99: percentile(decisions, 0.99),
  };
}

/** A closed loop of one connection. */
async function logIn(url: string, person: Person, until: number): Promise<readonly number[]> {
  const times: number[] = [];
  while (performance.now() < until) times.push(await timeOf(`${url}/api/v1/auth/login`, {}, person));
  return times;
}

/** Evenly spread, whether the last one was answered or not; what waits for a stalled server counts its waiting. */
async function decide(url: string, apiKey: string, until: number): Promise<readonly number[]> {
  const headers = { authorization: `Bearer ${apiKey}` };
  const request = {
    actor: { type: 'agent', id: 'support-bot', onBehalfOf: { type: 'user', id: 'u-0' } },
    action: { name: 'database:read' },
    resource: { type: 'table', id: 'orders' },
    context: { dataClasses: ['pii'], riskScore: 42, environment: 'production' },
  };
  const asked: Promise<number>[] = [];
  while (performance.now() < until) {
    asked.push(timeOf(`${url}/api/v1/decisions`, headers, request));
    await sleep(1_000 / DECISIONS_A_SECOND);
  }
  return Promise.all(asked);
}

async function timeOf(url: string, headers: Readonly<Record<string, string>>, body: unknown): Promise<number> {
  const started = performance.now();
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answers ${String(answer.status)} ${text}`);
  return performance.now() - started;
}

function print(samples: readonly Sample[]): void {
  console.log(
    `${String(ROUNDS)} rounds of ${String(SECONDS)} s each, on and off in turns; medians of rounds, in brackets the lowest and highest round. Decisions: ${String(DECISIONS_A_SECOND)} a second all the time. At 0 connections nobody signs in.\n`,
  );
  const head = [
    'connections',
    'flag',
    'logins a second',
    'login p50, ms',
    'login p95, ms',
    'loop delay p99, ms',
    'loop delay max, ms',
    'decision p50, ms',
    'decision p99, ms',
  ];
  console.log(`| ${head.join(' | ')} |\n| ${head.map(() => '---:').join(' | ')} |`);
  for (const connections of CONNECTIONS)
    for (const mode of MODES) {
      const rounds = samples.filter((sample) => sample.connections === connections && sample.mode === mode);
      const cell = (of: (sample: Sample) => number): string => {
        const { median, lowest, highest } = spreadOf(rounds.map(of));
        return `${median.toFixed(1)} [${lowest.toFixed(1)}, ${highest.toFixed(1)}]`;
      };
      const login = (of: (sample: Sample) => number): string => (connections === 0 ? '' : cell(of));
      const cells = [
        String(connections),
        mode,
        login((one) => one.rate),
        login((one) => one.loginP50),
        login((one) => one.loginP95),
        cell((one) => one.delayP99),
        cell((one) => one.delayMax),
        cell((one) => one.decisionP50),
        cell((one) => one.decisionP99),
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
}

await main();
