import { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { ActorRegistry } from './actor-registry.js';
import { ActorService, type NewActor } from './actor.service.js';
import { freshApiKey } from './api-key.format.js';
import { CredentialUses } from './credential-use.js';
import { CredentialUseTask } from './credential-use.task.js';
import { type KeyOrder, KeyService } from './key.service.js';
import { administrator, noSwitch, recordingLog, refusal } from '../identity.testing.js';

const HERE = '192.0.2.7';
const MINUTE_MS = 60_000;

describe('the keys of an actor', () => {
  let database: TestDatabase;
  let registry: ActorRegistry;
  let actors: ActorService;
  let keys: KeyService;
  const uses = new CredentialUses();
  const { log, entries } = recordingLog();

  beforeAll(async () => {
    database = await testDatabase();
    registry = new ActorRegistry(database.dataSource, uses, {});
    actors = new ActorService(database.dataSource, log, registry, noSwitch);
    keys = new KeyService(database.dataSource, log, registry);
    await registry.onModuleInit();
  });
  afterAll(async () => {
    registry.onModuleDestroy();
    await database.drop();
  });

  const bot = async (name: string, more: Partial<NewActor> = {}): Promise<string> =>
    (await actors.register(administrator, { type: 'agent', name, owner: 'team', purpose: 'tests', ...more })).id;
  const issue = (actorId: string, more: Partial<KeyOrder> = {}) =>
    keys.issue(administrator, actorId, { parts: freshApiKey('test'), days: 90, ...more });
  const counting = async (actorId: string): Promise<number> =>
    (await actors.read(actorId)).keys.filter(({ revokedAt }) => revokedAt === null).length;

  it('are two at most, also when 50 are issued at once', async () => {
    const id = await bot('busy');
    const tries = await Promise.all(Array.from({ length: 50 }, () => refusal(issue(id))));
    expect(tries.toSorted((a, b) => a - b)).toEqual([0, 0, ...Array.from({ length: 48 }, () => 409)]);
    expect(await counting(id)).toBe(2);
  });

  it('overlap for rotation: a new one comes in beside the old, then the old one goes', async () => {
    const id = await bot('rotating');
    const [old, fresh] = [await issue(id), await issue(id)];
    expect(registry.authenticateKey(old.key, HERE)).not.toBeNull();
    expect(registry.authenticateKey(fresh.key, HERE)).not.toBeNull();
    expect(await refusal(issue(id))).toBe(409);
    await keys.revoke(administrator, id, old.id);
    await issue(id);
    expect(await counting(id)).toBe(2);
  });

  it('count until they expire, and one that is renewed then counts again', async () => {
    const id = await bot('expired');
    const parts = freshApiKey('test');
    await issue(id, { parts });
    await issue(id);
    await database.dataSource.query(
      `UPDATE identity.api_key SET created_at = now() - interval '90 days', expires_at = now() - interval '1 minute' WHERE id = $1`,
      [parts.id],
    );
    await issue(id);
    expect(await refusal(keys.renew(administrator, id, { parts, days: 90 }))).toBe(409);
  });

  it('may not live longer than 90 days, whoever asks the database', async () => {
    const id = await bot('forever');
    await expect(issue(id, { days: 91 })).rejects.toThrow('check constraint');
  });

  it('do no more than their scopes say, and a scope beyond the role is refused', async () => {
    const id = await bot('scoped', { type: 'service', roles: ['gateway'] });
    const { key, scopes } = await issue(id, { scopes: ['decision:make'] });
    expect(scopes).toEqual(['decision:make']);
    expect([...(registry.authenticateKey(key, HERE)?.permissions ?? [])]).toEqual(['decision:make']);
    expect(await refusal(issue(id, { scopes: ['agent:write'] }))).toBe(422);
    expect(await refusal(issue(await bot('plain'), { scopes: ['decision:make-for-any'] }))).toBe(422);
  });

  it('are refused from networks they are not for', async () => {
    const { key } = await issue(await bot('bound'), { networks: ['10.1.0.0/16', '2001:db8::/32'] });
    expect(registry.authenticateKey(key, '10.1.2.3')).not.toBeNull();
    expect(registry.authenticateKey(key, '2001:db8::7')).not.toBeNull();
    for (const address of ['10.2.0.1', '2001:db9::1', '', 'unknown'])
      expect(registry.authenticateKey(key, address)).toBeNull();
    expect(registry.authenticateKey(key, '10.1.2.3')).not.toBeNull();
  });

  it('stop once the review of their actor is overdue by the days of grace, where there are such', async () => {
    const strict = new ActorRegistry(database.dataSource, new CredentialUses(), { AGENT_REVIEW_GRACE_DAYS: 7 });
    const id = await bot('forgotten');
    const { key } = await issue(id);
    const reviewedIn = async (days: number): Promise<void> => {
      await database.dataSource.query(
        `WITH e AS (UPDATE identity.epoch SET value = value + 1 RETURNING value)
         UPDATE identity.actor SET review_by = (now() AT TIME ZONE 'UTC')::date + $2::int, epoch = e.value FROM e WHERE id = $1`,
        [id, days],
      );
      await Promise.all([strict.refresh(), registry.refresh()]);
    };
    await reviewedIn(-7);
    expect(strict.authenticateKey(key, HERE)).not.toBeNull();
    await reviewedIn(-8);
    expect(strict.authenticateKey(key, HERE)).toBeNull();
    expect(registry.authenticateKey(key, HERE)).not.toBeNull();
    const reviewBy = new Date().toISOString().slice(0, 10);
    await actors.review(administrator, id, { reviewBy, riskClass: 'minimal' });
    await strict.refresh();
    expect(strict.authenticateKey(key, HERE)).not.toBeNull();
  });

  describe('in use', () => {
    const task = (): CredentialUseTask => new CredentialUseTask(database.dataSource, log, uses);
    const seenOf = (key: string) =>
      entries.filter(({ public: { key: named, event } }) => named === key && event !== 'key-issued');

    it('are on record at their first use, and at the first from another network, once whichever replica saw it', async () => {
      const { key, id } = await issue(await bot('noticed'));
      for (const address of ['192.0.2.7', '192.0.2.8', '198.51.100.1', '192.0.2.7'])
        registry.authenticateKey(key, address);
      const elsewhere = new ActorRegistry(database.dataSource, uses, {});
      await elsewhere.refresh();
      const others = new CredentialUses();
      const replica = new ActorRegistry(database.dataSource, others, {});
      await replica.refresh();
      replica.authenticateKey(key, '192.0.2.200');
      expect(seenOf(id)).toEqual([]);
      await Promise.all([task().writeFirst(), new CredentialUseTask(database.dataSource, log, others).writeFirst()]);
      await task().writeFirst();
      const facts = {
        actor: { type: 'agent', id: 'noticed' },
        key: id,
        proof: 'api-key',
        by: { type: 'agent', id: 'noticed' },
      };
      expect(seenOf(id).map((entry) => entry.public)).toEqual([
        { event: 'key-first-used', network: '192.0.2.0/24', ...facts },
        { event: 'key-used-elsewhere', network: '198.51.100.0/24', ...facts },
      ]);
    });

    it('show the minute of their last use, which no replica moves back', async () => {
      const actor = await bot('dated');
      const { key, id } = await issue(actor);
      const lastUse = async () => (await actors.read(actor)).keys.find((one) => one.id === id)?.lastUsedAt;
      expect(await lastUse()).toBeNull();
      registry.authenticateKey(key, HERE);
      const now = Date.now();
      await task().writeUsed(now);
      const shown = (await lastUse())?.getTime() ?? 0;
      expect([shown % MINUTE_MS, now - shown < 2 * MINUTE_MS]).toEqual([0, true]);
      const behind = new CredentialUses();
      const replica = new ActorRegistry(database.dataSource, behind, {});
      await replica.refresh();
      const principal = replica.authenticateKey(key, HERE);
      if (!principal) throw new Error('not let in');
      behind.of({ credential: id, proof: 'api-key', type: 'agent', by: principal }).usedAt = now - 10 * MINUTE_MS;
      await new CredentialUseTask(database.dataSource, log, behind).writeUsed(now);
      expect((await lastUse())?.getTime()).toBe(shown);
    });

    it('are not forgotten while they cannot be put on record', async () => {
      const { key, id } = await issue(await bot('waiting'));
      registry.authenticateKey(key, HERE);
      const cut = new DataSource(database.dataSource.options);
      await expect(new CredentialUseTask(cut, log, uses).writeFirst()).rejects.toThrow();
      expect(seenOf(id)).toEqual([]);
      await task().writeFirst();
      expect(seenOf(id)).toHaveLength(1);
    });
  });
});
