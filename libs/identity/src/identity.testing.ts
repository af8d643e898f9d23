import { hash, randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { v7 as uuid7 } from 'uuid';
import { permissionsOf, type Principal, ProblemError } from '@lexecon/auth';
import { hmacSha256 } from '@lexecon/crypto';
import type { TestDatabase } from '@lexecon/database/testing';
import type { LedgerService } from '@lexecon/ledger';
import type { Entry, EntryKind } from '@lexecon/ledger/core';
import { AccessLog } from './access/access-log.js';

/** An access log that keeps what would be appended, entry by entry. */
export function recordingLog(): { readonly log: AccessLog; readonly entries: Entry[] } {
  const entries: Entry[] = [];
  const appendIn = <T>(_tx: EntityManager, kind: EntryKind<T>, record: T): Promise<void> => {
    entries.push(kind.encode(record));
    return Promise.resolve();
  };
  const append: LedgerService['append'] = (items) => {
    entries.push(...items.map(({ kind, record }) => kind.encode(record)));
    return Promise.resolve([]);
  };
  const keys = new Map<string, { readonly id: string; readonly key: Buffer }>();
  const keyOf = (subject: string): { readonly id: string; readonly key: Buffer } => {
    const key = keys.get(subject) ?? { id: randomUUID(), key: Buffer.alloc(32, keys.size + 1) };
    keys.set(subject, key);
    return key;
  };
  const vault = {
    keysOf: (subjects: readonly string[]) => subjects.map(keyOf),
    blindIndex: (text: string) => hash('sha256', text, 'buffer'),
  };
  return { log: new AccessLog({ append, appendIn }, vault), entries };
}

export const administrator: Principal = {
  kind: 'person',
  id: '0199f0c4-0000-7000-8000-00000000000a',
  name: '0199f0c4-0000-7000-8000-00000000000a',
  roles: ['admin'],
  permissions: permissionsOf(['admin']),
  fresh: true,
};

/** What a role is given under, for tests that are about something else. */
export const terms = {
  justification: 'needed',
  ticket: 'IAM-1042',
  endsAt: new Date(Date.now() + 90 * 24 * 3_600_000).toISOString(),
};

/** An account as a row, invited unless `status` says otherwise, in a database under test. Answers its id. */
export async function account(
  database: TestDatabase,
  given: {
    readonly id?: string;
    readonly email?: string;
    readonly roles?: readonly string[];
    readonly status?: string;
  } = {},
): Promise<string> {
  const { id = uuid7(), roles = [], status = roles.includes('admin') ? 'active' : 'invited' } = given;
  await database.dataSource.query(
    `INSERT INTO identity.account (id, email, roles, justification, status, password) VALUES ($1, $2, $3, 'test', $4, $5)`,
    [id, given.email ?? `${id}@example.com`, roles, status, status === 'active' ? 'none' : null],
  );
  return id;
}

/** Status of the problem that a promise rejects with; 0 when it resolves. What is no problem is thrown on. */
export async function refusal(attempt: Promise<unknown> | (() => unknown)): Promise<number> {
  try {
    await (typeof attempt === 'function' ? attempt() : attempt);
    return 0;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.status;
    throw error;
  }
}

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Waits until `reached` holds; rejects after `ms` milliseconds. */
export async function within(ms: number, reached: () => boolean): Promise<void> {
  const end = performance.now() + ms;
  while (!reached()) {
    if (performance.now() > end) throw new Error(`not reached within ${String(ms)} ms`);
    await sleep(5);
  }
}

/** Where no ledger refuses what was decided before. */
export const noSwitch = { advanceEpoch: (): Promise<number> => Promise.resolve(0) };

/** A blind index under a key of the tests. */
export const blind = { blindIndex: (text: string): Buffer => hmacSha256(Buffer.alloc(32, 7), text) };
