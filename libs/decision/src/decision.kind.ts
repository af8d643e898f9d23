import { byteaArray, smallintArray, textArray, uuidArray } from '@lexecon/ledger';
import { bytesOfUuid, type EntryKind, type Persistence, retentionClasses } from '@lexecon/ledger/core';
import { type DecisionRecord, entryOf } from './core/index.js';

/** The row that a decision is searched by. */
const search: Persistence<DecisionRecord> = {
  table: 'decision',
  sql: (p) =>
    `INSERT INTO decision.decision (id, class, outcome, principal, actor, actor_blind, behalf_blind, policies, review_id)
     SELECT i, c, o, w, t, tb, bb, string_to_array(s, ','), v
     FROM unnest(${p(0)}::uuid[], ${p(1)}::smallint[], ${p(2)}::text[], ${p(3)}::uuid[], ${p(4)}::text[], ${p(5)}::bytea[],
       ${p(6)}::bytea[], ${p(7)}::text[], ${p(8)}::uuid[]) u(i, c, o, w, t, tb, bb, s, v), a
     WHERE a.fresh`,
  values: (records) => [
    uuidArray(records.map((record) => record.id)),
    smallintArray(
      records.map(
        (record) => retentionClasses[record.verdict.risk === 'high' ? 'decision-high-risk' : 'decision'].byte,
      ),
    ),
    textArray(records.map((record) => record.verdict.outcome)),
    uuidArray(records.map((record) => bytesOfUuid(record.principal.id))),
    textArray(records.map((record) => record.index.actor)),
    byteaArray(records.map((record) => record.index.actorBlind)),
    byteaArray(records.map((record) => record.index.behalfBlind)),
    textArray(records.map((record) => [...new Set(record.verdict.rules.map((rule) => rule.policy))].join(','))),
    uuidArray(records.map((record) => (record.review ? bytesOfUuid(record.review.id) : null))),
  ],
};

/** The caller's idempotency key. */
const once: Persistence<DecisionRecord> = {
  table: 'idempotency',
  concerns: (record) => record.once !== undefined,
  sql: (p) =>
    `INSERT INTO decision.idempotency (principal, key, body, decision_id)
     SELECT w, k, b, i
     FROM unnest(${p(0)}::uuid[], ${p(1)}::bytea[], ${p(2)}::bytea[], ${p(3)}::uuid[]) u(w, k, b, i), a
     WHERE a.fresh`,
  values: (records) => [
    uuidArray(records.map((record) => bytesOfUuid(record.principal.id))),
    byteaArray(records.map((record) => record.once?.key ?? null)),
    byteaArray(records.map((record) => record.once?.body ?? null)),
    uuidArray(records.map((record) => record.id)),
  ],
  uniqueConstraint: 'idempotency_once',
  collided: async (query, records) => {
    const rows = await query(
      `SELECT i.principal::text || encode(i.key, 'hex') AS taken FROM decision.idempotency i
       JOIN unnest($1::uuid[], $2::bytea[]) u(w, k) ON i.principal = u.w AND i.key = u.k`,
      [
        uuidArray(records.map((record) => bytesOfUuid(record.principal.id))),
        byteaArray(records.map((record) => record.once?.key ?? null)),
      ],
    );
    const taken = new Set(rows.map((row) => row['taken']));
    return records.map((record) => taken.has(`${record.principal.id}${record.once?.key.toString('hex') ?? ''}`));
  },
};

/** Decisions: the ledger entry, the row they are searched by, and the caller's idempotency key, all in one statement. */
export const DecisionKind: EntryKind<DecisionRecord> = { name: 'decision', encode: entryOf, persist: [search, once] };
