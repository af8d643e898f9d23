import { DataSource } from 'typeorm';
import { permissionsOf } from '@lexecon/auth';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { ActorRegistry } from './actor-registry.js';
import { ActorService, type NewActor } from './actor.service.js';
import { CredentialUses } from './credential-use.js';
import { dayOf } from './review.term.js';
import { KeyService } from './key.service.js';
import { formatApiKey, freshApiKey } from './api-key.format.js';
import { administrator, noSwitch, recordingLog, refusal, sleep, within } from '../identity.testing.js';

const ADDRESS = '192.0.2.7';
const bot = (name: string, more: Partial<NewActor> = {}): NewActor => ({
  type: 'agent',
  name,
  owner: 'team-support',
  purpose: 'answers questions',
  ...more,
});

describe('actors, keys and the registry', () => {
  let database: TestDatabase;
  let here: ActorRegistry;
  let elsewhere: ActorRegistry;
  let actors: ActorService;
  let keys: KeyService;
  const { log, entries } = recordingLog();

  beforeAll(async () => {
    database = await testDatabase();
    here = new ActorRegistry(database.dataSource, new CredentialUses(), {});
    elsewhere = new ActorRegistry(database.dataSource, new CredentialUses(), {});
    actors = new ActorService(database.dataSource, log, here, noSwitch);
    keys = new KeyService(database.dataSource, log, here);
    await Promise.all([here.onModuleInit(), elsewhere.onModuleInit()]);
  });
  afterAll(async () => {
    here.onModuleDestroy();
    elsewhere.onModuleDestroy();
    await database.drop();
  });
  beforeEach(() => {
    entries.length = 0;
  });

  const keyFor = async (name: string, more: Partial<NewActor> = {}) => {
    const actor = await actors.register(administrator, bot(name, more));
    const issued = await keys.issue(administrator, actor.id, { parts: freshApiKey('test'), days: 90 });
    return { actor, issued };
  };

  it('knows a registered actor here at once and on another replica within a second', async () => {
    const actor = await actors.register(
      administrator,
      bot('known', { roles: ['support-agent'], attributes: { region: 'eu' } }),
    );
    const facts = { id: actor.id, roles: ['support-agent'], attributes: { region: 'eu' }, disabled: false };
    expect(here.factsOf('agent', 'known')).toMatchObject(facts);
    await within(1_000, () => elsewhere.factsOf('agent', 'known') !== undefined);
    expect(elsewhere.factsOf('agent', 'known')).toMatchObject(facts);
  });

  it('knows nobody under another type or a part of the name', async () => {
    await actors.register(administrator, bot('orders-bot'));
    expect(here.factsOf('service', 'orders-bot')).toBeUndefined();
    expect(here.factsOf('agent', 'orders')).toBeUndefined();
    for (const odd of ['constructor', '__proto__', 'robot', '']) {
      expect(here.factsOf('agent', odd)).toBeUndefined();
      expect(here.factsOf(odd, 'orders-bot')).toBeUndefined();
    }
  });

  it('registers a name once per type, also for 20 who try at once', async () => {
    const tries = await Promise.all(
      Array.from({ length: 20 }, () => refusal(actors.register(administrator, bot('twin')))),
    );
    expect(tries.toSorted((a, b) => a - b)).toEqual([0, ...Array.from({ length: 19 }, () => 409)]);
    await actors.register(administrator, bot('twin', { type: 'service' }));
  });

  it('tells every replica within a second that an actor was disabled', async () => {
    const { actor } = await keyFor('to-disable');
    await within(1_000, () => elsewhere.factsOf('agent', 'to-disable')?.disabled === false);
    await actors.change(administrator, actor.id, { status: 'disabled' });
    expect(here.factsOf('agent', 'to-disable')?.disabled).toBe(true);
    await within(1_000, () => elsewhere.factsOf('agent', 'to-disable')?.disabled === true);
  });

  it('leaves as it is what a change does not name, and refuses a change of nothing', async () => {
    const actor = await actors.register(administrator, bot('changing', { roles: ['a'], attributes: { x: 1 } }));
    const changed = await actors.change(administrator, actor.id, { roles: [] });
    expect(changed).toEqual({ ...actor, roles: [] });
    expect(await refusal(actors.change(administrator, actor.id, {}))).toBe(422);
    expect(await refusal(actors.change(administrator, 'no-uuid', { roles: [] }))).toBe(404);
  });

  it('lets a key in as its actor, with permission to decide about itself', async () => {
    const { actor, issued } = await keyFor('with-key');
    const principal = here.authenticateKey(issued.key, ADDRESS);
    expect(principal).toMatchObject({ kind: 'agent', id: actor.id, name: 'with-key', roles: ['agent'] });
    expect(principal?.permissions).toEqual(permissionsOf(['agent']));
    expect(here.authenticateKey(issued.key, ADDRESS)).toBe(principal);
  });

  it('stores no part of a secret', async () => {
    const { issued } = await keyFor('secretive');
    const secret = issued.key.slice(-49, -6);
    const rows = await database.dataSource.query<{ all: string }[]>('SELECT k::text AS all FROM identity.api_key k');
    expect(rows.some((row) => row.all.includes(secret))).toBe(false);
    expect(JSON.stringify(await actors.read((await actors.list(undefined, 1)).items[0]?.id ?? ''))).not.toContain(
      secret,
    );
  });

  it('refuses a key with another secret, another environment, or an unknown id', async () => {
    const { issued } = await keyFor('tampered');
    const parts = { environment: 'test', id: issued.id, secret: issued.key.slice(-49, -6) };
    expect(here.authenticateKey(formatApiKey(parts), ADDRESS)).not.toBeNull();
    expect(here.authenticateKey(formatApiKey({ ...parts, secret: freshApiKey('test').secret }), ADDRESS)).toBeNull();
    expect(here.authenticateKey(formatApiKey({ ...parts, environment: 'prod' }), ADDRESS)).toBeNull();
    expect(here.authenticateKey(formatApiKey({ ...parts, id: freshApiKey('test').id }), ADDRESS)).toBeNull();
    expect(here.authenticateKey(`${issued.key} `, ADDRESS)).toBeNull();
  });

  it('refuses a revoked key here at once and on another replica within a second', async () => {
    const { actor, issued } = await keyFor('revoked');
    await within(1_000, () => elsewhere.authenticateKey(issued.key, ADDRESS) !== null);
    await keys.revoke(administrator, actor.id, issued.id);
    expect(here.authenticateKey(issued.key, ADDRESS)).toBeNull();
    await within(1_000, () => elsewhere.authenticateKey(issued.key, ADDRESS) === null);
    expect(await refusal(keys.revoke(administrator, actor.id, issued.id))).toBe(404);
  });

  it('refuses a key that expired while it was remembered', async () => {
    const { actor, issued } = await keyFor('expiring');
    await database.dataSource.query(
      `WITH e AS (UPDATE identity.epoch SET value = value + 1 RETURNING value)
       UPDATE identity.api_key SET expires_at = now() + interval '400 ms', epoch = e.value FROM e WHERE actor_id = $1`,
      [actor.id],
    );
    await here.refresh();
    expect(here.authenticateKey(issued.key, ADDRESS)).not.toBeNull();
    await sleep(450);
    expect(here.authenticateKey(issued.key, ADDRESS)).toBeNull();
  });

  it('gives a gateway’s key only to an actor registered as gateway, and takes its power with the role', async () => {
    const plain = await actors.register(administrator, bot('plain'));
    const order = { parts: freshApiKey('test'), role: 'gateway', days: 1 } as const;
    expect(await refusal(keys.issue(administrator, plain.id, order))).toBe(422);
    const { actor, issued } = await keyFor('pep', { type: 'service', roles: ['gateway'] });
    expect(here.authenticateKey(issued.key, ADDRESS)?.permissions.has('decision:make-for-any')).toBe(true);
    await actors.change(administrator, actor.id, { roles: [] });
    expect(here.authenticateKey(issued.key, ADDRESS)?.permissions.has('decision:make-for-any')).toBe(false);
  });

  it('gives a provisioner’s key only to an actor registered as one, and takes its power when it is disabled', async () => {
    const plain = await actors.register(administrator, bot('hr-feed'));
    const order = { parts: freshApiKey('test'), role: 'provisioner', days: 1 } as const;
    expect(await refusal(keys.issue(administrator, plain.id, order))).toBe(422);
    const { actor, issued } = await keyFor('directory', { type: 'service', roles: ['provisioner'] });
    expect(here.authenticateKey(issued.key, ADDRESS)?.permissions.has('person:provision')).toBe(true);
    await actors.change(administrator, actor.id, { status: 'disabled' });
    expect(here.authenticateKey(issued.key, ADDRESS)?.permissions.has('person:provision')).toBe(false);
  });

  it('lets a disabled gateway speak for nobody else', async () => {
    const { actor, issued } = await keyFor('stopped-pep', { roles: ['gateway'] });
    await actors.change(administrator, actor.id, { status: 'disabled' });
    expect(here.authenticateKey(issued.key, ADDRESS)?.roles).toEqual(['agent']);
  });

  it('gives no key to a user of the caller’s system', async () => {
    const user = await actors.register(administrator, bot('u-1842', { type: 'user' }));
    expect(await refusal(keys.issue(administrator, user.id, { parts: freshApiKey('test'), days: 1 }))).toBe(422);
  });

  it('lists newest first, page by page, each actor once', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await actors.list(cursor, 3);
      seen.push(...page.items.map((actor) => actor.id));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    const ids = await database.dataSource.query<{ id: string }[]>('SELECT id FROM identity.actor ORDER BY id DESC');
    expect(seen).toEqual(ids.map((row) => row.id));
    expect(await refusal(actors.list('not a cursor', 3))).toBe(422);
    expect(await refusal(actors.list(Buffer.from('no-uuid').toString('base64url'), 3))).toBe(422);
  });

  it('records each change, with what is personal sealed only', async () => {
    const reviewBy = dayOf(new Date());
    const { actor, issued } = await keyFor('on-record', { roles: ['r'], attributes: { team: 'eu' }, reviewBy });
    await keys.revoke(administrator, actor.id, issued.id);
    const id = { type: 'agent', id: 'on-record' };
    expect(entries.map((entry) => entry.public)).toEqual([
      { event: 'actor-registered', actor: id, roles: ['r'], riskClass: 'unclassified', reviewBy },
      { event: 'key-issued', actor: id, key: issued.id, keyRole: 'agent', days: 90 },
      { event: 'key-revoked', actor: id, key: issued.id },
    ]);
    expect(entries[0]?.sealed[0]?.fields).toMatchObject({ by: administrator.id, attributes: { team: 'eu' } });
  });

  it('seals the name of a user and says it nowhere else', async () => {
    await actors.register(administrator, bot('maria.keller', { type: 'user', purpose: 'customer maria.keller' }));
    const [entry] = entries;
    expect(JSON.stringify(entry?.public)).not.toContain('maria');
    expect(entry?.sealed.map((group) => group.fields)).toEqual([
      {
        actor: 'maria.keller',
        roles: [],
        attributes: {},
        purpose: 'customer maria.keller',
        owner: 'team-support',
        riskClass: 'unclassified',
      },
      { by: administrator.id },
    ]);
    expect(new Set(entry?.sealed.map((group) => group.key.id)).size).toBe(2);
  });

  it('changes nothing when the record cannot be appended', async () => {
    const failing = recordingLog().log;
    failing.append = () => Promise.reject(new Error('ledger down'));
    const blocked = new ActorService(database.dataSource, failing, here, noSwitch);
    await expect(blocked.register(administrator, bot('unrecorded'))).rejects.toThrow('ledger down');
    await here.refresh();
    expect(here.factsOf('agent', 'unrecorded')).toBeUndefined();
  });

  it('forgets what a restored database no longer knows', async () => {
    await actors.register(administrator, bot('forgotten'));
    await database.dataSource.query(`DELETE FROM identity.actor WHERE name = 'forgotten'`);
    await database.dataSource.query('UPDATE identity.epoch SET value = value - 1');
    await here.refresh();
    expect(here.factsOf('agent', 'forgotten')).toBeUndefined();
    expect(here.factsOf('agent', 'known')).toBeDefined();
  });

  it('stays fresh however often it is asked to refresh, also when the database is slower than that', async () => {
    const source = await new DataSource(database.dataSource.options).initialize();
    const query = source.manager.query.bind(source.manager);
    source.manager.query = async <T>(sql: string, parameters?: unknown[]): Promise<T> => {
      await sleep(100);
      return query<T>(sql, parameters);
    };
    const busy = new ActorRegistry(source, new CredentialUses(), {});
    try {
      await busy.onModuleInit();
      const asked: Promise<void>[] = [];
      const until = performance.now() + 1_500;
      while (performance.now() < until) {
        asked.push(busy.refresh());
        await sleep(20);
      }
      const answer = await refusal(() => busy.version());
      await Promise.all(asked);
      expect(answer).toBe(0);
    } finally {
      busy.onModuleDestroy();
      await source.destroy();
    }
  });

  it('answers 503 to everything once it could not be refreshed for a second, and recovers by itself', async () => {
    const { issued } = await keyFor('before-outage');
    const source = await new DataSource(database.dataSource.options).initialize();
    const cut = new ActorRegistry(source, new CredentialUses(), {});
    await cut.onModuleInit();
    expect(cut.factsOf('agent', 'before-outage')).toBeDefined();
    await source.destroy();
    await sleep(1_050);
    expect(await refusal(() => cut.factsOf('agent', 'before-outage'))).toBe(503);
    expect(await refusal(() => cut.authenticateKey(issued.key, ADDRESS))).toBe(503);
    await source.initialize();
    await within(1_000, () => {
      try {
        return cut.authenticateKey(issued.key, ADDRESS) !== null;
      } catch {
        return false;
      }
    });
    cut.onModuleDestroy();
    await source.destroy();
  });
});
