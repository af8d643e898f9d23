import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contributions } from '../src/app.module.js';
import { documentOf } from '../src/openapi.js';
import { routesOf } from '../src/route.list.js';
import { exampleOf, operationsOf } from './request.testing.js';
import { everyPermission, type TestServer, testServer } from './server.testing.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (path.endsWith('.ts') && !/[.-](spec|testing)\.ts$/.test(path)) yield path;
  }
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const code = [...sources('libs'), ...sources('apps/api/src')];

describe('the house', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await testServer();
  });
  afterAll(() => server.close());

  it('has a route for every operation of the document', () => {
    const operations = Object.values(documentOf(server.app).paths).flatMap((item) => Object.keys(item));
    expect(operations.length).toBeGreaterThan(10);
    expect(routesOf(server.app).length).toBeGreaterThanOrEqual(operations.length);
  });

  it('has no route without @Requires or @Public', () => {
    const routes = routesOf(server.app);
    expect(routes.filter(({ access }) => access === undefined).map(({ name }) => name)).toEqual([]);
  });

  it('asks only for permissions that exist', () => {
    const asked = routesOf(server.app).map(({ access }) => access);
    expect(asked.filter((access) => access && access !== 'public' && !everyPermission.has(access))).toEqual([]);
  });

  it('lets nobody in without credentials but where a route is public', async () => {
    const { paths } = documentOf(server.app);
    const closed = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item as Record<string, { security?: unknown[] }>)
        .filter(([, operation]) => (operation.security ?? []).length > 0)
        .map(([method]) => [method, path.replaceAll(/\{\w+\}/g, '01890000-0000-7000-8000-000000000009')] as const),
    );
    expect(closed.length).toBeGreaterThan(5);
    for (const [method, path] of closed) {
      const answer = await fetch(server.url + path, { method: method.toUpperCase() });
      const { status } = (await answer.json()) as { status: number | string };
      expect([`${method} ${path}`, Number(status)]).toEqual([`${method} ${path}`, 401]);
    }
  });

  it('lists every health contribution of every room', () => {
    const written = code
      .filter((path) => path.endsWith('.health.ts'))
      .flatMap((path) => [...read(path).matchAll(/export class (\w+)/g)].map(([, name]) => name));
    const listed = contributions.map(({ name }) => name);
    expect(listed).toEqual(expect.arrayContaining(written));
  });

  it('documents every type of problem', () => {
    const used = new Set(
      code.flatMap((path) => [
        ...[...read(path).matchAll(/type: '([a-z-]+)',\s*title: /g)].map(([, type]) => type),
        ...[...read(path).matchAll(/(?:aboutBody|conflict|unavailable)\(\s*'([a-z-]+)',/g)].map(([, type]) => type),
        ...[...read(path).matchAll(/unavailable\('[^']*', '([a-z-]+)'\)/g)].map(([, type]) => type),
      ]),
    );
    const documented = new Set([...read('docs/api/problems.md').matchAll(/^\| `([a-z-]+)`/gm)].map(([, type]) => type));
    expect(used.size).toBeGreaterThan(8);
    expect([...used].filter((type) => !documented.has(type))).toEqual([]);
  });

  it('gives an example for every body, and accepts it', async () => {
    const document = documentOf(server.app);
    const token = server.tokenFor({});
    const refused: string[] = [];
    for (const { name, method, path, body } of operationsOf(document)) {
      if (body === null) continue;
      const example = exampleOf(body, document);
      const answer = await server.app.inject({
        method: method as 'POST',
        url: path.replaceAll(/\{\w+\}/g, '01890000-0000-7000-8000-000000000009'),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        payload: JSON.stringify(example ?? null),
      });
      if (example === undefined) refused.push(`${name} has no example`);
      else if ([400, 413, 415, 422].includes(answer.statusCode)) refused.push(`${name}: ${answer.body}`);
    }
    expect(refused).toEqual([]);
  });

  it('shows the way to the documentation', async () => {
    const answer = await fetch(server.url, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/docs']);
  });

  it('serves the documentation from its own files alone', async () => {
    const page = await (await fetch(`${server.url}/docs`)).text();
    const links = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '');
    expect(links.length).toBeGreaterThan(2);
    for (const link of links) {
      expect(link).not.toMatch(/^(https?:)?\/\//);
      const file = await fetch(new URL(link, `${server.url}/docs`));
      expect([link, file.status, (await file.arrayBuffer()).byteLength > 0]).toEqual([link, 200, true]);
    }
  });
});
