import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { permissionsOf, roles } from '@lexecon/auth';
import { keyRoles } from '@lexecon/identity';
import { type Cell, type MatrixRow, matrixOf, matrixPage, personRoles } from '../src/permission.matrix.js';
import { routesOf } from '../src/route.list.js';
import { type Answer, call, keyOf, personWith, setupSession, signedIn } from './caller.testing.js';
import { type TestServer, testServer } from './server.testing.js';

const PAGE = join(fileURLToPath(new URL('../../..', import.meta.url)), 'docs/security/permission-matrix.md');
/** What no controller serves: the documentation's own files. */
const PAGES = /^\/docs(\/|$)/;
const NOWHERE = '01890000-0000-7000-8000-000000000009';

const cellsOf = (line: string): readonly string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.replaceAll(/\*\*|`/g, '').trim());

/** The table as the checked-in page has it. */
function rowsOfPage(page: string): readonly MatrixRow[] {
  const [head = [], , ...rows] = page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map(cellsOf);
  return rows.map(([route = '', permission = '', ...cells]) => ({
    route,
    permission,
    cells: Object.fromEntries(head.slice(2).map((name, at) => [name, cells[at] as Cell])),
  }));
}

/** Every route that the router knows, as it was told them; the HEAD that stands beside each GET is left out. */
function listenToRouter(): { readonly routes: readonly string[]; readonly stop: () => void } {
  const routes: string[] = [];
  const listen = (message: unknown): void => {
    const { fastify } = message as { readonly fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ method, url }) => {
      const path = url.replaceAll(/:(\w+)/g, '{$1}').replace(/(?<=.)\/$/, '');
      for (const one of [method].flat()) if (one !== 'HEAD') routes.push(`${one} ${path === '' ? '/' : path}`);
    });
  };
  subscribe('fastify.initialization', listen);
  return { routes, stop: () => void unsubscribe('fastify.initialization', listen) };
}

describe('the permission matrix', () => {
  const expected = rowsOfPage(readFileSync(PAGE, 'utf8'));
  const column = (row: MatrixRow, name: string): Cell | undefined => row.cells[name];
  const router = listenToRouter();
  const tokens = new Map<string, string>();
  let server: TestServer;

  beforeAll(async () => {
    server = await testServer();
    router.stop();
    tokens.set('setup session', await setupSession(server));
    for (const role of keyRoles) tokens.set(`${role} key`, await keyOf(server, `a-${role}`, role));
    for (const role of personRoles) {
      await personWith(server, `${role}@lexecon.example`, [role]);
      tokens.set(role, await signedIn(server, `${role}@lexecon.example`, -1));
    }
  });
  afterAll(() => server.close());

  /** A request that changes nothing where it comes in: ids that nobody has, and a body that no route accepts. */
  const ask = (route: string, token?: string): Promise<Answer> => {
    const [method = '', path = ''] = route.split(' ');
    const url = path.replaceAll(/\{\w+\}|\*/g, NOWHERE);
    const body = method === 'GET' ? {} : { body: { 'no member of ours': true } };
    return call(server, method, url, { ...body, ...(token === undefined ? {} : { token }) });
  };

  /** A session may have been ended by an earlier call that had to be made: then the person signs in again, with the next code. */
  const turns = new Map<string, number>();
  async function askAs(name: string, route: string): Promise<Answer> {
    const answer = await ask(route, tokens.get(name));
    if (answer.status !== 401 || !personRoles.includes(name)) return answer;
    const turn = (turns.get(name) ?? -1) + 1;
    if (turn > 1) return answer;
    turns.set(name, turn);
    tokens.set(name, await signedIn(server, `${name}@lexecon.example`, turn));
    return ask(route, tokens.get(name));
  }

  const problem = ({ status, body }: Answer): string =>
    `${String(status)} ${String(body['type']).replace('urn:lexecon:problem:', '')}`;
  const refusals: Readonly<Record<string, RegExp>> = {
    '401': /^401 unauthenticated$/,
    '403': /^403 (forbidden|step-up-required)$/,
  };

  /** What differs from what the cell says; null when nothing does. */
  async function difference(route: string, name: string, cell: Cell | undefined): Promise<string | null> {
    const told = problem(await askAs(name, route));
    const came = !told.startsWith('401') && !told.startsWith('403');
    if (cell === 'own')
      return name === 'no credentials' && Number(told.slice(0, 3)) < 400 ? `${told}, without any proof` : null;
    const pattern = refusals[cell ?? ''];
    if (cell === undefined) return 'has no cell';
    return (pattern ? pattern.test(told) : came) ? null : `is ${cell}, was answered ${told}`;
  }

  it('has a column for every role there is', () => {
    const columns = Object.keys(expected[0]?.cells ?? {});
    const named = Object.keys(roles).map((role) => (personRoles.includes(role) ? role : `${role} key`));
    expect(columns).toEqual(['no credentials', 'setup session', ...named].sort((a, b) => order(columns, a, b)));
  });

  it('has a row for every route that the router knows', () => {
    const known = router.routes.filter((route) => !PAGES.test(route.split(' ')[1] ?? ''));
    expect(known.length).toBeGreaterThan(40);
    expect([...new Set(known)].sort()).toEqual(expected.map(({ route }) => route).sort());
  });

  it('is what @Requires and @Public say of every route', () => {
    expect(rowsOfPage(matrixPage(routesOf(server.app)))).toEqual(expected);
    expect(matrixOf(routesOf(server.app))).toEqual(expected);
  });

  it('holds on the running server, cell by cell', async () => {
    const rows = expected.toSorted((a, b) => endsSessions(a) - endsSessions(b));
    const differences: string[] = [];
    for (const { route, cells } of rows)
      for (const [name, cell] of Object.entries(cells)) {
        const found = await difference(route, name, cell);
        if (found !== null) differences.push(`${route} for ${name} ${found}`);
      }
    expect(differences).toEqual([]);
  });

  it('keeps everybody whose second factor is not fresh from what wants a fresh one', async () => {
    const differences: string[] = [];
    for (const { route, cells } of expected)
      for (const [name, cell] of Object.entries(cells)) {
        if (cell !== 'fresh') continue;
        const token = server.tokenFor({ roles: [name], permissions: permissionsOf([name]), fresh: false });
        const told = problem(await ask(route, token));
        if (told !== '403 step-up-required') differences.push(`${route} for ${name}: ${told}`);
      }
    expect(differences).toEqual([]);
  });

  describe('separates', () => {
    const comesIn = (name: string): readonly string[] =>
      expected.filter((row) => ['yes', 'fresh'].includes(column(row, name) ?? '')).map(({ route }) => route);
    const whoMay = (route: RegExp): readonly string[] => [
      ...new Set(
        expected
          .filter((row) => route.test(row.route))
          .flatMap((row) => Object.keys(row.cells).filter((name) => comesIn(name).includes(row.route))),
      ),
    ];

    /** One's own password, factors and sessions. */
    const ofOneself = new Set(
      expected.filter(({ permission }) => permission.startsWith('account:own')).map(({ route }) => route),
    );

    it('the auditor, who reads, verifies and exports, from every change', () => {
      const changing = comesIn('auditor').filter((route) => !route.startsWith('GET ') && !ofOneself.has(route));
      expect(changing.filter((route) => !READS_BY_POST.has(route))).toEqual([]);
    });

    it('approving a policy from writing it, and from administration', () => {
      expect(whoMay(/^POST .*\/versions\/\{version\}\/approve$/)).toEqual(['policy-approver']);
      expect(whoMay(/^POST \/api\/v1\/policies$/)).toEqual(['policy-author']);
      expect(whoMay(/^POST .*\/versions\/\{version\}\/(activate|retire)$/)).toEqual(['policy-approver']);
      expect(comesIn('admin').filter((route) => /^(POST|PUT|PATCH|DELETE) .*\/policies/.test(route))).toEqual([]);
    });

    it('giving access from everything that access is for', () => {
      expect(whoMay(/^(POST|PATCH|DELETE) \/api\/v1\/agents/)).toEqual(['admin']);
      expect(whoMay(/^POST \/api\/v1\/users$/)).toEqual(['setup session', 'admin']);
      expect(comesIn('admin').filter((route) => /\/(decisions|ledger|reviews)/.test(route))).toEqual([]);
    });

    it('asking for decisions from reading them', () => {
      expect(whoMay(/^POST \/api\/v1\/decisions(\/batch)?$/)).toEqual(['agent key', 'gateway key']);
      for (const key of ['agent key', 'gateway key'])
        expect(comesIn(key).filter((route) => !ABOUT_ITSELF.test(route))).toEqual([]);
    });

    it('the setup session from everything but inviting people', () => {
      expect(comesIn('setup session').filter((route) => !/ \/api\/v1\/(users|auth)/.test(route))).toEqual([]);
    });
  });
});

/** Posts that change nothing: the query or the range is too long for an address. */
const READS_BY_POST: ReadonlySet<string> = new Set([
  'POST /api/v1/decisions/{id}/replay',
  'POST /api/v1/ledger/verify',
]);
/** What an agent may do: ask, and fetch the proof of what it asked. */
const ABOUT_ITSELF = /^POST \/api\/v1\/decisions(\/batch)?$|^GET \/api\/v1\/decisions\/\{id\}\/receipt$/;

/** What may end the caller's session comes last. */
const endsSessions = ({ route }: MatrixRow): number =>
  route.includes('logout') ? 2 : Number(route.includes('session'));
const order = (columns: readonly string[], a: string, b: string): number => columns.indexOf(a) - columns.indexOf(b);
