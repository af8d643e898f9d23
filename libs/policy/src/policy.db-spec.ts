import { randomUUID } from 'node:crypto';
import { type DataSource, type EntityManager } from 'typeorm';
import { permissionsOf, type Principal, ProblemError } from '@lexecon/auth';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import type { LedgerService } from '@lexecon/ledger';
import type { Entry, EntryKind } from '@lexecon/ledger/core';
import type { SubjectVault } from '@lexecon/vault';
import { ActivePolicies } from './active-policies.js';
import { evaluate, mergeFacts } from './core/index.js';
import { PolicyLog } from './policy-log.js';
import { PolicyService } from './policy.service.js';
import { PolicyTrial } from './policy-trial.js';
import { ResourceService } from './resource.service.js';

const person = (role: 'policy-author' | 'policy-approver', id: string = randomUUID()): Principal => ({
  kind: 'person',
  id,
  name: id,
  roles: [role],
  permissions: permissionsOf([role]),
  fresh: true,
});
const author = person('policy-author');
const approver = person('policy-approver');

const policy = (name: string, effect: string, more = ''): string =>
  `apiVersion: lexecon.dev/v1\nkind: Policy\nname: ${name}\nrules:\n  - { id: all, effect: ${effect}, actions: ["${name}:*"] }\n${more}`;

/** What the ledger would be asked to keep; its epochs are those of the database. */
function ledgerOver(dataSource: DataSource): {
  readonly ledger: LedgerService;
  readonly entries: Entry[];
  fail: Error | null;
} {
  const entries: Entry[] = [];
  const double = {
    entries,
    fail: null as Error | null,
    ledger: {
      appendIn<T>(_tx: EntityManager, kind: EntryKind<T>, record: T): Promise<void> {
        if (double.fail) return Promise.reject(double.fail);
        entries.push(kind.encode(record));
        return Promise.resolve();
      },
      async advanceEpoch(tx: EntityManager): Promise<number> {
        await tx.query(
          `INSERT INTO ledger.epoch (name, value) SELECT 'policy', max(value) + 1 FROM ledger.epoch WHERE name = 'policy'`,
        );
        return 0;
      },
      async epochs(): Promise<{ policy: number; kill: number }> {
        const [row] = await dataSource.query<{ value: string }[]>(
          `SELECT max(value) AS value FROM ledger.epoch WHERE name = 'policy'`,
        );
        return { policy: Number(row?.value), kill: 0 };
      },
    } as unknown as LedgerService,
  };
  return double;
}

const vault = {
  keysOf: (subjects: readonly string[]) =>
    subjects.map((subject, i) => ({ id: randomUUID(), key: Buffer.alloc(32, subject.length + i) })),
} as unknown as SubjectVault;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function within(ms: number, reached: () => boolean): Promise<number> {
  const started = performance.now();
  while (!reached()) {
    if (performance.now() - started > ms) throw new Error(`not reached within ${String(ms)} ms`);
    await sleep(5);
  }
  return performance.now() - started;
}

async function refusal(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'accepted';
  } catch (error) {
    if (error instanceof ProblemError) return `${String(error.problem.status)} ${error.problem.type}`;
    throw error;
  }
}

describe('policies in the database', () => {
  let database: TestDatabase;
  let ledger: ReturnType<typeof ledgerOver>;
  let log: PolicyLog;
  let here: ActivePolicies;
  let elsewhere: ActivePolicies;
  let policies: PolicyService;

  beforeAll(async () => {
    database = await testDatabase();
    ledger = ledgerOver(database.dataSource);
    log = new PolicyLog(ledger.ledger, vault);
    here = new ActivePolicies(database.dataSource, ledger.ledger);
    elsewhere = new ActivePolicies(database.dataSource, ledger.ledger);
    policies = new PolicyService(database.dataSource, log, here);
    await Promise.all([here.onModuleInit(), elsewhere.onModuleInit()]);
  });
  afterAll(async () => {
    here.onModuleDestroy();
    elsewhere.onModuleDestroy();
    await database.drop();
  });
  beforeEach(() => {
    ledger.entries.length = 0;
  });

  const outcomeAt = (replica: ActivePolicies, action: string): string =>
    evaluate(
      replica.active().set,
      mergeFacts(
        { actor: { type: 'agent', id: 'a' }, action: { name: action }, resource: { type: 't', id: 'r' } },
        { actor: { roles: [], attributes: {} } },
      ),
      new Date(),
    ).outcome;

  const activated = async (name: string, source: string): Promise<number> => {
    const { version } = await policies.create(author, source);
    await policies.approve(approver, name, version);
    await policies.activate(approver, name, version);
    return version;
  };

  it('counts an activated version here at once and on another replica within two seconds', async () => {
    expect(outcomeAt(here, 'one:x')).toBe('deny');
    await activated('one', policy('one', 'permit'));
    expect(outcomeAt(here, 'one:x')).toBe('permit');
    expect(await within(2000, () => outcomeAt(elsewhere, 'one:x') === 'permit')).toBeLessThan(2000);
    expect(elsewhere.active().set.hash).toBe(here.active().set.hash);
    expect(elsewhere.active().epoch).toBe(here.active().epoch);
  });

  it('does not count a draft, nor an approved version', async () => {
    const { version } = await policies.create(author, policy('two', 'permit'));
    await here.refresh();
    expect(outcomeAt(here, 'two:x')).toBe('deny');
    await policies.approve(approver, 'two', version);
    await here.refresh();
    expect(outcomeAt(here, 'two:x')).toBe('deny');
  });

  it('refuses activation before approval, approval by the author, and approving twice', async () => {
    const { version } = await policies.create(author, policy('three', 'permit'));
    expect(await refusal(policies.activate(approver, 'three', version))).toBe('409 policy-state');
    expect(await refusal(policies.approve(person('policy-approver', author.id), 'three', version))).toBe(
      '403 own-work',
    );
    await policies.approve(approver, 'three', version);
    expect(await refusal(policies.approve(person('policy-approver'), 'three', version))).toBe('409 policy-state');
    expect(await refusal(policies.approve(approver, 'three', 99))).toBe('404 not-found');
  });

  it('lets the database itself refuse an approval by the author and any change of a version', async () => {
    const { version } = await policies.create(author, policy('four', 'permit'));
    const change = (set: string): Promise<unknown> =>
      database.dataSource.query(
        `UPDATE policy.version SET ${set} WHERE name = 'four' AND version = ${String(version)}`,
      );
    await expect(change(`state = 'approved', approver_id = author_id, approved_at = now()`)).rejects.toThrow(
      /approved_by_another/,
    );
    await expect(change(`source = 'x', state = 'retired'`)).rejects.toThrow(/immutable/);
    await expect(change(`document = '{}', state = 'retired'`)).rejects.toThrow(/immutable/);
    await expect(change(`state = 'active', approver_id = '${approver.id}', approved_at = now()`)).rejects.toThrow(
      /immutable/,
    );
    await expect(database.dataSource.query('DELETE FROM policy.version')).rejects.toThrow(/immutable/);
    await expect(database.dataSource.query('TRUNCATE policy.version')).rejects.toThrow(/immutable/);
  });

  it('replaces the active version of a name, and goes back to an older one', async () => {
    const first = await activated('five', policy('five', 'permit'));
    const before = here.active();
    const second = await activated('five', policy('five', 'forbid'));
    expect(outcomeAt(here, 'five:x')).toBe('deny');
    expect([(await policies.version('five', first)).state, (await policies.version('five', second)).state]).toEqual([
      'retired',
      'active',
    ]);
    await policies.activate(approver, 'five', first);
    expect(outcomeAt(here, 'five:x')).toBe('permit');
    expect(here.active().set.hash).toBe(before.set.hash);
    expect(here.active().epoch).toBe(before.epoch + 2);
  });

  it('takes a retired version out of force on every replica', async () => {
    const version = await activated('six', policy('six', 'permit'));
    await within(2000, () => outcomeAt(elsewhere, 'six:x') === 'permit');
    await policies.retire(approver, 'six', version);
    expect(outcomeAt(here, 'six:x')).toBe('deny');
    await within(2000, () => outcomeAt(elsewhere, 'six:x') === 'deny');
    expect(await refusal(policies.retire(approver, 'six', version))).toBe('409 policy-state');
  });

  it('finds a set of the past by its hash, and none that never was', async () => {
    const past = here.active().set;
    await activated('seven', policy('seven', 'permit'));
    const found = await policies.setOf(past.hash);
    expect(found?.hash).toBe(past.hash);
    expect(found?.rules.length).toBe(past.rules.length);
    expect(await policies.setOf(`sha256:${'0'.repeat(64)}`)).toBeNull();
    expect((await new ActivePolicies(database.dataSource, ledger.ledger).setOf(past.hash))?.hash).toBe(past.hash);
  });

  it('decides by no document that was changed in the database under its hash', async () => {
    await activated('altered', policy('altered', 'forbid'));
    const { hash } = here.active().set;
    const replace = async (from: string, to: string): Promise<void> => {
      await database.dataSource.query(`ALTER TABLE policy.version DISABLE TRIGGER immutable`);
      await database.dataSource.query(
        `UPDATE policy.version SET document = replace(document::text, $1, $2)::jsonb WHERE name = 'altered'`,
        [from, to],
      );
      await database.dataSource.query(`ALTER TABLE policy.version ENABLE TRIGGER immutable`);
    };
    await replace('"forbid"', '"permit"');
    const fresh = new ActivePolicies(database.dataSource, ledger.ledger);
    await expect(fresh.refresh()).rejects.toThrow('of altered was altered');
    expect(() => fresh.active()).toThrow(ProblemError);
    expect(await fresh.setOf(hash)).toBeNull();
    await replace('"permit"', '"forbid"');
    await fresh.refresh();
    expect(fresh.active().set.hash).toBe(hash);
  });

  it('refuses a text that says the same as a version, in whatever notation', async () => {
    const { document } = await policies.create(author, policy('eight', 'permit'));
    expect(await refusal(policies.create(author, policy('eight', 'permit', '# a comment\n')))).toBe(
      '409 policy-exists',
    );
    const text = JSON.stringify({ ...document, rules: [{ id: 'all', effect: 'permit', actions: ['eight:*'] }] });
    expect(await refusal(policies.create(author, text))).toBe('409 policy-exists');
    expect((await policies.create(author, policy('eight', 'forbid'))).version).toBe(2);
  });

  it('gives two authors who save at once different versions', async () => {
    const saved = await Promise.all(
      ['permit', 'forbid', 'escalate'].map((effect) => policies.create(author, policy('nine', effect))),
    );
    expect(saved.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  });

  it('refuses an unreadable text with everything that is wrong, and saves nothing', async () => {
    const attempt = policies.create(author, policy('ten', 'allow', 'color: red\n'));
    await expect(attempt).rejects.toMatchObject({
      problem: {
        status: 422,
        errors: [
          { pointer: '/source', detail: expect.stringContaining('line 5') },
          { detail: expect.stringContaining('/color') },
        ],
      },
    });
    expect(await refusal(policies.version('ten', 1))).toBe('404 not-found');
  });

  it('puts every change on record, without the name of the person in the open', async () => {
    await activated('eleven', policy('eleven', 'permit'));
    await policies.retire(approver, 'eleven', 1);
    const { hash } = await policies.version('eleven', 1);
    expect(ledger.entries.map(({ public: open }) => open['event'])).toEqual([
      'policy-written',
      'policy-approved',
      'policy-activated',
      'policy-retired',
    ]);
    expect(ledger.entries[2]?.public).toMatchObject({
      policy: 'eleven',
      version: 1,
      hash,
      policySet: expect.stringMatching(/^sha256:/),
    });
    for (const { public: open, sealed } of ledger.entries) {
      expect(JSON.stringify(open)).not.toContain(author.id);
      expect(JSON.stringify(open)).not.toContain(approver.id);
      expect(sealed).toHaveLength(1);
    }
    expect(ledger.entries[3]?.public['policySet']).toBe(here.active().set.hash);
  });

  it('changes nothing when the change cannot be put on record', async () => {
    const { version } = await policies.create(author, policy('twelve', 'permit'));
    await policies.approve(approver, 'twelve', version);
    const before = here.active();
    ledger.fail = new Error('the ledger is away');
    await expect(policies.activate(approver, 'twelve', version)).rejects.toThrow('the ledger is away');
    ledger.fail = null;
    await here.refresh();
    expect((await policies.version('twelve', version)).state).toBe('approved');
    expect(here.active().epoch).toBe(before.epoch);
    expect(outcomeAt(here, 'twelve:x')).toBe('deny');
  });

  it('lists policies by name and versions newest first, page by page', async () => {
    const names: string[] = [];
    for (let after = ''; ; after = names.at(-1) ?? '') {
      const page = await policies.list(after, 3);
      names.push(...page.map(({ name }) => name));
      if (page.length < 3) break;
    }
    expect(names).toEqual([...new Set(names)].toSorted());
    expect((await policies.list('fi', 1))[0]).toEqual({
      name: 'five',
      latest: 2,
      active: 1,
      mode: 'strict',
      risk: 'standard',
      description: null,
    });
    expect((await policies.versions('five')).map(({ version }) => version)).toEqual([2, 1]);
    expect((await policies.versions('five', 2)).map(({ version }) => version)).toEqual([1]);
  });

  it('no longer answers when it could not ask for two seconds', async () => {
    let away = false;
    const broken = new ActivePolicies(database.dataSource, {
      epochs: () => (away ? Promise.reject(new Error('away')) : ledger.ledger.epochs()),
    } as unknown as LedgerService);
    await broken.onModuleInit();
    expect(broken.active().set.hash).toBe(here.active().set.hash);
    away = true;
    await within(3000, () => {
      try {
        broken.active();
        return false;
      } catch (error) {
        return error instanceof ProblemError && error.problem.status === 503;
      }
    });
    away = false;
    await broken.refresh();
    expect(broken.active().set.hash).toBe(here.active().set.hash);
    broken.onModuleDestroy();
  });

  it('tries texts and cases out without saving anything', async () => {
    const trial = new PolicyTrial(here);
    const one = (outcome: string): unknown => ({
      name: outcome,
      request: { actor: { type: 'agent', id: 'a' }, action: { name: 'draft:x' }, resource: { type: 't', id: 'r' } },
      known: { actor: {} },
      expect: { outcome },
    });
    const run = (sources: readonly string[] | undefined, ...cases: unknown[]): ReturnType<PolicyTrial['test']> =>
      trial.test(sources, JSON.parse(JSON.stringify(cases)));
    const { passed, results } = await run([policy('draft', 'permit')], one('permit'), one('deny'));
    expect([passed, ...results.map((result) => result.passed)]).toEqual([false, true, false]);
    expect(results[1]?.differences).toEqual(['outcome should be "deny", is "permit"']);
    expect((await run(undefined, one('deny'))).passed).toBe(true);
    await expect(run(['x: 1', policy('draft', 'allow')], { name: 'a' }, one('maybe'))).rejects.toMatchObject({
      problem: {
        status: 422,
        errors: expect.arrayContaining([
          expect.objectContaining({ pointer: '/sources/1' }),
          expect.objectContaining({ pointer: '/cases/0/request' }),
          expect.objectContaining({ pointer: '/cases/1/expect/outcome' }),
        ]),
      },
    });
  });

  describe('the catalogue of resources', () => {
    let near: ResourceService;
    let far: ResourceService;
    const given = { type: 'table', dataClasses: ['pii'], sensitivity: null, owner: 'team', subject: null } as const;

    beforeAll(async () => {
      near = new ResourceService(database.dataSource, log);
      far = new ResourceService(database.dataSource, log);
      await Promise.all([near.onModuleInit(), far.onModuleInit()]);
    });
    afterAll(() => {
      near.onModuleDestroy();
      far.onModuleDestroy();
    });

    it('knows an entry here at once, elsewhere within a second, and forgets it as fast', async () => {
      const { id } = await near.catalogue(author, { ...given, resource: 'orders', sensitivity: 'confidential' });
      expect(near.factsOf('table', 'orders')).toEqual({ dataClasses: ['pii'], sensitivity: 'confidential' });
      await within(1000, () => far.factsOf('table', 'orders') !== undefined);
      await far.remove(author, id);
      expect(far.factsOf('table', 'orders')).toBeUndefined();
      await within(1000, () => near.factsOf('table', 'orders') === undefined);
      expect(await refusal(near.remove(author, id))).toBe('404 not-found');
      expect(await refusal(near.remove(author, 'no-uuid'))).toBe('404 not-found');
    });

    it('joins every entry that matches: all classes, the highest sensitivity, the closest subject', async () => {
      await near.catalogue(author, {
        ...given,
        resource: 'eu/**',
        dataClasses: ['gdpr'],
        sensitivity: 'internal',
        subject: 'user:far',
      });
      await near.catalogue(author, {
        ...given,
        resource: 'eu/mail-*',
        dataClasses: ['mail'],
        sensitivity: 'restricted',
        subject: 'user:near',
      });
      await near.catalogue(author, {
        ...given,
        resource: 'eu/mail-7',
        dataClasses: ['pii', 'mail'],
        sensitivity: 'public',
      });
      expect(near.factsOf('table', 'eu/mail-7')).toEqual({
        dataClasses: ['pii', 'mail', 'gdpr'],
        sensitivity: 'restricted',
        subject: 'user:near',
      });
      expect(near.factsOf('table', 'eu/other')).toEqual({
        dataClasses: ['gdpr'],
        sensitivity: 'internal',
        subject: 'user:far',
      });
      expect(near.factsOf('table', 'us/mail-7')).toBeUndefined();
      expect(near.factsOf('view', 'eu/mail-7')).toBeUndefined();
    });

    it('refuses a second entry for the same type and id', async () => {
      await near.catalogue(author, { ...given, resource: 'twice' });
      expect(await refusal(near.catalogue(author, { ...given, resource: 'twice' }))).toBe('409 resource-exists');
    });

    it('keeps the id of a resource and its data subject out of the open', async () => {
      ledger.entries.length = 0;
      const { id } = await near.catalogue(author, { ...given, resource: 'mailbox of jane', subject: 'user:jane' });
      await near.remove(author, id);
      expect(ledger.entries.map(({ public: open }) => open['event'])).toEqual([
        'resource-catalogued',
        'resource-removed',
      ]);
      expect(JSON.stringify(ledger.entries.map(({ public: open }) => open))).not.toContain('jane');
      expect(ledger.entries[0]?.sealed).toHaveLength(2);
    });

    it('lists newest first, page by page, and nothing that was removed', async () => {
      const first = await near.list(undefined, 2);
      const second = await near.list(first.next ?? '', 2);
      const shown = [...first.items, ...second.items].map(({ resource }) => resource);
      expect(shown).toEqual(['twice', 'eu/mail-7', 'eu/mail-*', 'eu/**']);
      await expect(near.list('nonsense')).rejects.toMatchObject({ problem: { status: 422 } });
    });
  });
});
