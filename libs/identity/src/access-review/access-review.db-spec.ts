import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { jest } from '@jest/globals';
import { type Principal, ProblemError } from '@lexecon/auth';
import { isUnavailable } from '@lexecon/database';
import { generateSignerKey, noteSigner, noteVerifier } from '@lexecon/crypto';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { checkReport, NOTE_NAME, ReportError } from '../core/index.js';
import { noSwitch, recordingLog, refusal } from '../identity.testing.js';
import { activeRolesOf, insertGrant } from '../person/grant.queries.js';
import { GrantService } from '../person/grant.service.js';
import type { AccessReview, AccessReviewItem } from './access-review.js';
import { forgetReasons } from './access-review.queries.js';
import { AccessReviewService } from './access-review.service.js';
import { AccessReviewTask } from './access-review.task.js';
import { ClosingService } from './closing.service.js';
import { ItemService } from './item.service.js';
import { Revocation } from './revocation.js';

const DAY_MS = 24 * 3_600_000;
const signer = noteSigner(generateSignerKey('test.log/receipt', Buffer.alloc(32, 7)));

/** The first day of the month after next: a beginning of a period, two to nine weeks ahead. */
function nextPeriod(): Date {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1, 12));
}

describe('access reviews', () => {
  let database: TestDatabase;
  let people: Readonly<Record<'root' | 'second' | 'officer' | 'alice' | 'sealed', Principal>>;
  let agent: string;
  const key = 'KeyInReview1';
  const { log, entries } = recordingLog();
  const caughtUp: true[] = [];
  const registry = { catchUp: (): Promise<void> => (caughtUp.push(true), Promise.resolve()) };
  const everyMonth = { ACCESS_REVIEW_DAYS: 30, ACCESS_REVIEW_MONTHS: '1,2,3,4,5,6,7,8,9,10,11,12' };
  const complaints = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);

  const servicesOn = (): { reviews: AccessReviewService; items: ItemService; closing: ClosingService } => {
    const source = database.dataSource;
    const revocation = new Revocation(noSwitch);
    const ledger = {
      sign: (name: string, lines: readonly string[]) => signer.sign(`${[`test.log/${name}`, ...lines].join('\n')}\n`),
    };
    return {
      reviews: new AccessReviewService(source, log, everyMonth),
      items: new ItemService(source, log, registry, revocation),
      closing: new ClosingService(source, log, ledger, registry, revocation),
    };
  };

  async function person(email: string, roles: readonly string[], grantedBy: string | null): Promise<Principal> {
    const id = randomUUID();
    await database.dataSource.query(
      `INSERT INTO identity.account (id, email, roles, justification, status, password, break_glass)
       VALUES ($1, $2, '{}', 'test', 'active', 'none', $3)`,
      [id, email, email.startsWith('sealed')],
    );
    for (const role of roles)
      await insertGrant(database.dataSource.manager, {
        accountId: id,
        role,
        justification: 'needed',
        ticket: 'IAM-1',
        source: grantedBy === null ? 'bootstrap' : 'person',
        grantedBy,
        endsAt: new Date(Date.now() + 300 * DAY_MS),
      });
    return { kind: 'person', id, name: id, roles, permissions: new Set(), fresh: true };
  }

  beforeEach(async () => {
    database = await testDatabase();
    const root = await person('root@example.com', ['admin'], null);
    people = {
      root,
      second: await person('second@example.com', ['admin'], root.id),
      officer: await person('officer@example.com', ['compliance-officer'], root.id),
      alice: await person('alice@example.com', ['reviewer', 'operator'], root.id),
      sealed: await person('sealed@example.com', ['admin'], null),
    };
    agent = randomUUID();
    await database.dataSource.query(
      `INSERT INTO identity.actor (id, type, name, owner, purpose, roles, attributes, epoch, owner_account_id)
       VALUES ($1, 'agent', 'bot', 'team', 'tests', '{r}', '{}', 0, $2)`,
      [agent, people.alice.id],
    );
    await database.dataSource.query(
      `INSERT INTO identity.api_key (id, secret_hash, actor_id, role, environment, expires_at, epoch)
       VALUES ($1, sha256('secret'), $2, 'agent', 'local', now() + interval '80 days', 0)`,
      [key, agent],
    );
    entries.length = 0;
    complaints.mockClear();
  });
  afterEach(() => database.drop());
  afterAll(() => {
    complaints.mockRestore();
  });

  const open = (now = new Date()): Promise<AccessReview> =>
    servicesOn().reviews.open(people.officer, { name: 'Autumn', dueInDays: 30, now });

  async function itemsOf(review: AccessReview): Promise<readonly AccessReviewItem[]> {
    return (await servicesOn().reviews.read(review.id, { limit: 100 })).items;
  }

  async function itemFor(review: AccessReview, email: string, role: string): Promise<AccessReviewItem> {
    const item = (await itemsOf(review)).find((one) => one.email === email && one.snapshot['role'] === role);
    if (!item) throw new Error(`no item for ${email}`);
    return item;
  }

  const decide = (
    by: Principal,
    review: AccessReview,
    item: AccessReviewItem,
    decision: 'confirm' | 'revoke',
    now = new Date(),
  ): Promise<AccessReviewItem> =>
    servicesOn().items.decide(by, review.id, item.id, { decision, reason: `because ${decision}`, now });

  const activeRoles = async (id: string): Promise<readonly string[]> => {
    const rows = await database.dataSource.query<{ role: string }[]>(
      'SELECT role FROM identity.role_grant WHERE account_id = $1 AND ended_at IS NULL ORDER BY role',
      [id],
    );
    return rows.map(({ role }) => role);
  };
  const eventsNamed = (name: string): number => entries.filter((entry) => entry.public['event'] === name).length;

  it('snapshots every role, key and agent, by account and never by name', async () => {
    const review = await open();
    const items = await itemsOf(review);
    expect(items.map(({ kind }) => kind).sort()).toEqual(['agent', ...Array<string>(6).fill('grant'), 'key']);
    expect(review.counts).toMatchObject({ undecided: 8, confirmed: 0 });
    expect(JSON.stringify(items.map(({ snapshot }) => snapshot))).not.toContain('example.com');
    const bot = items.find(({ kind }) => kind === 'agent');
    expect(bot).toMatchObject({ account: people.alice.id, email: 'alice@example.com', of: agent });
    expect(bot?.snapshot).toMatchObject({
      actor: { type: 'agent', id: 'bot' },
      roles: ['r'],
      riskClass: 'unclassified',
    });
  });

  it('keeps people from deciding about their own roles, and those who gave one from confirming it', async () => {
    const review = await open();
    const given = await itemFor(review, 'alice@example.com', 'reviewer');
    const bot = (await itemsOf(review)).find(({ kind }) => kind === 'agent');
    if (!bot) throw new Error('no agent');
    expect(await refusal(decide(people.alice, review, given, 'confirm'))).toBe(403);
    expect(await refusal(decide(people.alice, review, given, 'revoke'))).toBe(403);
    expect(await refusal(decide(people.root, review, given, 'confirm'))).toBe(403);
    expect(await refusal(decide(people.alice, review, bot, 'confirm'))).toBe(403);
    expect(await refusal(decide(people.root, review, given, 'revoke'))).toBe(0);
    expect(await activeRoles(people.alice.id)).toEqual(['operator']);
  });

  it('lets one of 20 simultaneous decisions about one item win', async () => {
    const review = await open();
    const item = await itemFor(review, 'alice@example.com', 'reviewer');
    const tries = Array.from({ length: 20 }, (_, i) =>
      refusal(decide(i % 2 ? people.officer : people.second, review, item, i % 3 ? 'confirm' : 'revoke')),
    );
    const answers = await Promise.all(tries);
    expect(answers.filter((status) => status === 0)).toHaveLength(1);
    expect(answers.filter((status) => status === 409)).toHaveLength(19);
    expect(eventsNamed('access-review-decided')).toBe(1);
    const after = await itemFor(review, 'alice@example.com', 'reviewer');
    expect(await activeRoles(people.alice.id)).toEqual(
      after.outcome === 'revoked' ? ['operator'] : ['operator', 'reviewer'],
    );
  });

  it('ends a role, a key and an agent at once when they are revoked, each on record as such', async () => {
    const review = await open();
    for (const item of await itemsOf(review))
      if (item.email === 'alice@example.com') await decide(people.officer, review, item, 'revoke');
    expect(await activeRoles(people.alice.id)).toEqual([]);
    const [state] = await database.dataSource.query<unknown[]>(
      `SELECT a.status, k.revoked_at IS NOT NULL AS revoked FROM identity.actor a JOIN identity.api_key k ON k.actor_id = a.id`,
    );
    expect(state).toEqual({ status: 'disabled', revoked: true });
    expect([eventsNamed('grant-ended'), eventsNamed('key-revoked'), eventsNamed('actor-changed')]).toEqual([2, 1, 1]);
    expect(caughtUp.length).toBeGreaterThan(0);
    expect(JSON.stringify(entries.map((entry) => entry.public))).not.toContain(people.alice.id);
  });

  it('takes back once what nobody confirmed, when two replicas come to the due date together', async () => {
    const review = await open();
    const kept = await itemFor(review, 'alice@example.com', 'operator');
    for (const email of ['root@example.com', 'second@example.com'])
      await decide(people.officer, review, await itemFor(review, email, 'admin'), 'confirm');
    await decide(people.second, review, kept, 'confirm');
    const due = new Date(review.dueAt.getTime() + 1);
    expect(await servicesOn().closing.closeDue(new Date(review.dueAt.getTime() - 1))).toBe(0);
    const closed = await Promise.all([servicesOn().closing.closeDue(due), servicesOn().closing.closeDue(due)]);
    expect(closed.sort()).toEqual([0, 1]);
    expect(await activeRoles(people.alice.id)).toEqual(['operator']);
    expect(await activeRoles(people.officer.id)).toEqual([]);
    expect(eventsNamed('grant-ended')).toBe(2);
    expect([eventsNamed('key-revoked'), eventsNamed('actor-changed'), eventsNamed('access-review-closed')]).toEqual([
      1, 1, 1,
    ]);
    const { counts, closedAt } = await servicesOn().reviews.read(review.id, {});
    expect(closedAt).toEqual(due);
    expect(counts).toEqual({
      undecided: 0,
      confirmed: 3,
      revoked: 0,
      'revoked-automatically': 4,
      kept: 1,
      'ended-before': 0,
    });
  });

  it('leaves one administrator and the break-glass account when nobody confirmed anything, and says so loudly', async () => {
    const review = await open();
    await servicesOn().closing.closeDue(review.dueAt);
    const left = [...(await activeRoles(people.root.id)), ...(await activeRoles(people.second.id))];
    expect(left).toEqual(['admin']);
    expect(await activeRoles(people.sealed.id)).toEqual(['admin']);
    const kept = (await itemsOf(review)).filter(({ outcome }) => outcome === 'kept');
    expect(kept.map(({ exception }) => exception).sort()).toEqual(['break-glass', 'last-administrator']);
    expect(eventsNamed('access-review-kept')).toBe(2);
    expect(complaints).toHaveBeenCalledTimes(2);
  });

  it('refuses to revoke the last administrator', async () => {
    const review = await open();
    await decide(people.officer, review, await itemFor(review, 'root@example.com', 'admin'), 'revoke');
    const last = await itemFor(review, 'second@example.com', 'admin');
    expect(await refusal(decide(people.officer, review, last, 'revoke'))).toBe(409);
    expect((await itemFor(review, 'second@example.com', 'admin')).outcome).toBeNull();
  });

  it('takes no decision after the due date', async () => {
    const review = await open();
    const item = await itemFor(review, 'alice@example.com', 'operator');
    expect(await refusal(decide(people.officer, review, item, 'confirm', review.dueAt))).toBe(409);
  });

  it('says of what had ended meanwhile that it had ended', async () => {
    const review = await open();
    await database.dataSource.query(
      `UPDATE identity.role_grant SET ended_at = now(), end_reason = 'left' WHERE account_id = $1`,
      [people.alice.id],
    );
    await servicesOn().closing.closeDue(review.dueAt);
    expect((await itemFor(review, 'alice@example.com', 'operator')).outcome).toBe('ended-before');
  });

  it('opens by the calendar once a period, on however many replicas, and not for a time before the deployment', async () => {
    const start = nextPeriod();
    const opened = await Promise.all(Array.from({ length: 5 }, () => servicesOn().reviews.openByCalendar(start)));
    expect(opened.filter((review) => review !== undefined)).toHaveLength(1);
    expect(opened.find((review) => review !== undefined)?.period).toBe(start.toISOString().slice(0, 7));
    expect(eventsNamed('access-review-opened')).toBe(1);
    expect(await servicesOn().reviews.openByCalendar(new Date())).toBeUndefined();
  });

  it('goes through three periods by its task alone: opened, taken back, reported', async () => {
    const { reviews, closing } = servicesOn();
    const task = new AccessReviewTask(reviews, closing);
    const first = nextPeriod();
    for (let day = 0; day < 75; day += 5) await task.run(new Date(first.getTime() + day * DAY_MS));
    const { items } = await reviews.list(undefined);
    expect(items.length).toBeGreaterThanOrEqual(3);
    expect(new Set(items.map(({ period }) => period)).size).toBe(items.length);
    expect(items.filter(({ closedAt }) => closedAt !== null).length).toBeGreaterThanOrEqual(1);
    expect(await activeRoles(people.alice.id)).toEqual([]);
  });

  describe('the report', () => {
    async function closed(): Promise<AccessReview> {
      const review = await open();
      await decide(people.officer, review, await itemFor(review, 'alice@example.com', 'operator'), 'confirm');
      await decide(people.second, review, await itemFor(review, 'alice@example.com', 'reviewer'), 'revoke');
      await servicesOn().closing.closeDue(review.dueAt);
      return review;
    }
    const verifiers = [noteVerifier(signer.vkey)];

    it('is there when the campaign is closed, signed, with each decision, by whom, when and why', async () => {
      const running = await open();
      expect(await refusal(servicesOn().reviews.report(running.id))).toBe(409);
      const review = await closed();
      const { report, note, sha256, reasons, people: names } = await servicesOn().reviews.report(review.id);
      expect(checkReport(report, note, verifiers)).toBe('test.log');
      expect(report['counts']).toMatchObject({ confirmed: 1, revoked: 1, kept: 2 });
      const items = report['items'] as unknown as AccessReviewItem[];
      const confirmed = items.find(({ outcome }) => outcome === 'confirmed');
      expect(confirmed).toMatchObject({ account: people.alice.id, decidedBy: people.officer.id });
      expect(reasons[confirmed?.id ?? '']?.reason).toBe('because confirm');
      expect(names[people.alice.id]).toBe('alice@example.com');
      const entry = entries.findLast(({ public: open }) => open['event'] === 'access-review-closed');
      expect(entry?.public['report']).toBe(`sha256:${sha256}`);
    });

    it('does not verify when a word of it is changed, or under another key or name', async () => {
      const review = await closed();
      const { report, note } = await servicesOn().reviews.report(review.id);
      expect(() => checkReport({ ...report, name: 'Spring' }, note, verifiers)).toThrow(ReportError);
      const other = noteSigner(generateSignerKey('test.log/receipt', Buffer.alloc(32, 8)));
      expect(() => checkReport(report, note, [noteVerifier(other.vkey)])).toThrow(/no known key/);
      const strange = noteSigner(generateSignerKey('other', Buffer.alloc(32, 9)));
      const forged = strange.sign(`test.log/${NOTE_NAME}\n${note.split('\n').slice(1, 3).join('\n')}\n`);
      expect(() => checkReport(report, forged, [noteVerifier(strange.vkey)])).toThrow(/not signed by/);
    });

    it('still verifies when a person it is about was deleted, and then does not name them', async () => {
      const review = await closed();
      await forgetReasons(database.dataSource.manager, people.alice.id);
      await database.dataSource.query(
        `UPDATE identity.account SET status = 'deleted', email = 'deleted-x@deleted.invalid' WHERE id = $1`,
        [people.alice.id],
      );
      const answer = await servicesOn().reviews.report(review.id);
      expect(checkReport(answer.report, answer.note, verifiers)).toBe('test.log');
      expect(JSON.stringify(answer)).not.toContain('alice@example.com');
      expect(Object.values(answer.reasons)).toEqual([]);
    });
  });

  it('and an administrator may end the same grant at the same moment: it ends, and nobody is told worse than 409 or 503', async () => {
    const source = database.dataSource;
    const grants = new GrantService(source, log, { GRANT_MAX_DAYS: 365 });
    const [again, by] = [{ justification: 'again', ticket: 'IAM-2' }, people.root];
    for (let round = 0; round < 5; round += 1) {
      const review = await open();
      const item = await itemFor(review, 'second@example.com', 'admin');
      const outcomes = await Promise.all(
        [
          servicesOn().items.decide(people.officer, review.id, item.id, { decision: 'revoke', reason: 'left' }),
          grants.end(by, people.second.id, item.of, 'left'),
        ].map((end) => end.then(() => 200, statusOf)),
      );
      expect(outcomes).toContain(200);
      expect([200, 409, 503]).toEqual(expect.arrayContaining(outcomes));
      expect(await activeRolesOf(source.manager, people.second.id)).toEqual([]);
      const endsAt = new Date(Date.now() + 300 * DAY_MS);
      const terms = {
        ...again,
        accountId: people.second.id,
        role: 'admin',
        source: 'person',
        grantedBy: by.id,
      } as const;
      await insertGrant(source.manager, { ...terms, endsAt });
    }
  }, 30_000);
});

/** As the server answers. */
const statusOf = (error: unknown): number =>
  error instanceof ProblemError ? error.problem.status : isUnavailable(error) ? 503 : 500;
