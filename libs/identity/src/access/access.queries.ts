import type { EntityManager } from 'typeorm';
import { retentionClasses } from '@lexecon/ledger/core';

export interface EventFilter {
  readonly event: string | undefined;
  /** Blind index of a person who did it or whom it was done to. */
  readonly person: Buffer | undefined;
  /** Name of an agent or service that did it or that it was done to, and its blind index as a user of the caller's system. */
  readonly actor: { readonly name: string; readonly blind: Buffer } | undefined;
  /** RFC 3339; `to` itself is not included. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Id that the last page ended with. */
  readonly before: string | null;
  readonly limit: number;
}

export interface StoredEvent {
  readonly id: string;
  readonly body: Buffer;
  /** In order; `ciphertext` is base64, null when it was erased. */
  readonly sealed: readonly { readonly key: string; readonly ciphertext: string | null }[];
}

/** Newest first. Entries whose payload is no longer kept are left out. */
export async function eventsBefore(db: EntityManager, filter: EventFilter): Promise<readonly StoredEvent[]> {
  const { event, person, actor, from, to, before, limit } = filter;
  const values: unknown[] = [];
  const p = (value: unknown): string => `$${String(values.push(value))}`;
  const where = [`l.class = ${p(retentionClasses.audit.byte)}`, 'l.part = 0'];
  if (event !== undefined) where.push(`e.event = ${p(event)}`);
  if (person !== undefined) {
    const blind = p(person);
    where.push(`(e.by_blind = ${blind} OR e.about_blind = ${blind})`);
  }
  if (actor !== undefined) {
    const name = p(actor.name);
    where.push(`(e.agent = ${name} OR e.actor = ${name} OR e.about_blind = ${p(actor.blind)})`);
  }
  if (from !== undefined) where.push(`e.id >= ledger.first_id(${p(since1970(from))}::timestamptz)::uuid`);
  if (to !== undefined) where.push(`e.id < ledger.first_id(${p(since1970(to))}::timestamptz)::uuid`);
  if (before !== null) where.push(`e.id < ${p(before)}::uuid`);
  return db.query<StoredEvent[]>(
    `SELECT e.id, l.body,
       (SELECT coalesce(json_agg(json_build_object('key', q.subject_key_id, 'ciphertext', encode(q.ciphertext, 'base64')) ORDER BY q.part), '[]')
        FROM ledger.payload q WHERE q.class = l.class AND q.entry_id = l.entry_id AND q.subject_key_id IS NOT NULL) AS sealed
     FROM identity.access_event e JOIN ledger.payload l ON l.entry_id = e.id
     WHERE ${where.join(' AND ')} ORDER BY e.id DESC LIMIT ${p(limit)}`,
    values,
  );
}

/** Ids are counted from 1970. */
const since1970 = (moment: string): Date => new Date(Math.max(0, Date.parse(moment) || 0));

/** Erasure: the person is no longer found by any event. The entries stay, and say nothing of them once their key is gone. */
export async function forgetPerson(tx: EntityManager, blind: Buffer): Promise<void> {
  await tx.query('UPDATE identity.access_event SET by_blind = NULL WHERE by_blind = $1', [blind]);
  await tx.query('UPDATE identity.access_event SET about_blind = NULL WHERE about_blind = $1', [blind]);
}
