import { v7 as uuid7 } from 'uuid';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { ActorRegistry } from './actor-registry.js';
import { ActorService, type NewActor } from './actor.service.js';
import { CredentialUses } from './credential-use.js';
import { ReviewMetric } from './review.metric.js';
import { dayOf } from './review.term.js';
import { administrator, noSwitch, recordingLog, refusal } from '../identity.testing.js';

const DAY_MS = 24 * 3_600_000;
const inDays = (days: number): string => dayOf(new Date(Date.now() + days * DAY_MS));

describe('who answers for an agent, and when it is looked at again', () => {
  let database: TestDatabase;
  let registry: ActorRegistry;
  let actors: ActorService;
  const { log, entries } = recordingLog();

  beforeAll(async () => {
    database = await testDatabase();
    registry = new ActorRegistry(database.dataSource, new CredentialUses(), {});
    actors = new ActorService(database.dataSource, log, registry, noSwitch);
    await registry.onModuleInit();
  });
  afterAll(async () => {
    registry.onModuleDestroy();
    await database.drop();
  });
  beforeEach(() => {
    entries.length = 0;
  });

  const bot = (name: string, more: Partial<NewActor> = {}) =>
    actors.register(administrator, { type: 'agent', name, owner: 'team', purpose: 'tests', ...more });
  const person = async (status = 'active'): Promise<string> => {
    const id = uuid7();
    await database.dataSource.query(
      `INSERT INTO identity.account (id, email, password, roles, justification, status) VALUES ($1, $2, 'x', '{}', 'test', $3)`,
      [id, `${id}@example.com`, status],
    );
    return id;
  };
  const overdue = (id: string) =>
    database.dataSource.query('UPDATE identity.actor SET review_by = $2 WHERE id = $1', [id, inDays(-1)]);
  const counted = async (): Promise<number | undefined> => {
    let overdue: number | undefined;
    await new ReviewMetric(database.dataSource).observe({ observe: (value) => void (overdue = value) });
    return overdue;
  };
  const found = async (filter: Parameters<ActorService['list']>[2]): Promise<readonly string[]> =>
    (await actors.list(undefined, 100, filter)).items.map(({ name }) => name);

  it('gives every agent and service a day of review, 90 days ahead unless somebody says otherwise, and no user one', async () => {
    expect(await bot('usual')).toMatchObject({ reviewBy: inDays(90), riskClass: 'unclassified', ownerId: null });
    expect(await bot('soon', { type: 'service', reviewBy: inDays(7) })).toMatchObject({ reviewBy: inDays(7) });
    expect(await bot('u-1', { type: 'user', reviewBy: inDays(7) })).toMatchObject({ reviewBy: null });
    const none = `INSERT INTO identity.actor (id, type, name, owner, purpose, roles, attributes, review_by, epoch)
      VALUES (gen_random_uuid(), 'agent', 'none', 'o', 'p', '{}', '{}', NULL, 0)`;
    await expect(database.dataSource.query(none)).rejects.toThrow('actor_is_reviewed');
  });

  it('refuses a day of review that is past or more than a year ahead', async () => {
    for (const days of [-1, 367]) expect(await refusal(bot('odd', { reviewBy: inDays(days) }))).toBe(422);
    await bot('a year', { reviewBy: inDays(366) });
    await bot('today', { reviewBy: inDays(0) });
  });

  it('takes as owner only the account of an active person', async () => {
    for (const ownerId of [uuid7(), await person('disabled')])
      expect(await refusal(bot('ownerless', { ownerId }))).toBe(422);
    const ownerId = await person();
    const owned = await bot('owned', { ownerId });
    expect(owned.ownerId).toBe(ownerId);
    const [entry] = entries;
    expect(JSON.stringify(entry?.public)).not.toContain(ownerId);
    expect(entry?.sealed.map((group) => group.fields)).toContainEqual({ ownerId });
    expect(await refusal(actors.change(administrator, owned.id, { ownerId: uuid7() }))).toBe(422);
  });

  it('lists and counts what is overdue, what is due soon, and what nobody who is still here answers for', async () => {
    const owner = await person();
    const leaver = await person();
    const late = await bot('late', { ownerId: owner });
    await overdue(late.id);
    await bot('near', { ownerId: owner, reviewBy: inDays(30) });
    await bot('later', { ownerId: owner, reviewBy: inDays(31) });
    await bot('abandoned', { ownerId: leaver });
    await database.dataSource.query(`UPDATE identity.account SET status = 'disabled' WHERE id = $1`, [leaver]);
    expect(await found({ review: 'overdue' })).toEqual(['late']);
    expect(await counted()).toBe(1);
    expect(await found({ review: 'due', owner })).toEqual(['near', 'late']);
    const orphans = await found({ review: 'orphaned' });
    expect(orphans).toEqual(expect.arrayContaining(['abandoned', 'usual']));
    expect(orphans).not.toEqual(expect.arrayContaining(['late']));
    expect(await found({ owner })).toEqual(['later', 'near', 'late']);
    await actors.change(administrator, late.id, { status: 'disabled' });
    expect(await found({ review: 'overdue' })).toEqual([]);
    expect(await counted()).toBe(0);
  });

  it('puts on record what a person confirmed, and wants the risk said', async () => {
    const owner = await person();
    const { id } = await bot('reviewed');
    await overdue(id);
    expect(await refusal(actors.review(administrator, id, { reviewBy: inDays(30) }))).toBe(422);
    entries.length = 0;
    const review = { reviewBy: inDays(30), riskClass: 'high', ownerId: owner, purpose: 'pays refunds' } as const;
    const reviewed = await actors.review(administrator, id, review);
    expect(reviewed).toMatchObject({ ...review, owner: 'team' });
    expect(reviewed.reviewedAt).toBeInstanceOf(Date);
    expect(await found({ review: 'overdue' })).toEqual([]);
    expect(entries.map((entry) => entry.public)).toEqual([
      { event: 'actor-reviewed', actor: { type: 'agent', id: 'reviewed' }, riskClass: 'high', reviewBy: inDays(30) },
    ]);
    expect(entries[0]?.sealed.map((group) => group.fields)).toContainEqual({
      by: administrator.id,
      purpose: 'pays refunds',
    });
    await actors.review(administrator, id, { reviewBy: inDays(60) });
    expect(await refusal(actors.review(administrator, id, { reviewBy: inDays(400) }))).toBe(422);
    const user = await bot('u-2', { type: 'user' });
    expect(await refusal(actors.review(administrator, user.id, { reviewBy: inDays(1), riskClass: 'high' }))).toBe(422);
  });

  it('disables all that a person who leaves answered for, each on record', async () => {
    const [leaver, other] = [await person(), await person()];
    for (const name of ['one', 'two']) await bot(name, { ownerId: leaver });
    await bot('three', { ownerId: other });
    entries.length = 0;
    expect(await actors.disableOwnedBy(undefined, leaver)).toBe(2);
    expect(await actors.disableOwnedBy(undefined, leaver)).toBe(0);
    expect(['one', 'two', 'three'].map((name) => registry.factsOf('agent', name)?.disabled)).toEqual([
      true,
      true,
      false,
    ]);
    expect(entries.map((entry) => entry.public['status'])).toEqual(['disabled', 'disabled']);
  });
});
