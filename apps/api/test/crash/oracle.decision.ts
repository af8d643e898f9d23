import { decodeLeaf, type Leaf, uuidOf } from '@lexecon/ledger/core';
import { type DecisionRow, entryOf, type Evidence, logOf } from './evidence.js';

/** What is acknowledged is in the log, and the leaf at its index is the one that was promised. */
export function* everythingAcknowledgedIsRecorded(evidence: Evidence): Iterable<string> {
  const { leaves, places } = logOf(evidence);
  for (const { id, leaf } of acknowledged(evidence)) {
    const index = places.get(id);
    if (index === undefined) yield `${id} was acknowledged and is not in the log`;
    else if (!leaves[index]?.equals(leaf))
      yield `${id} was acknowledged with another leaf than the one at ${String(index)}`;
  }
}

export function* nothingAbortedIsRecorded(evidence: Evidence): Iterable<string> {
  const { places } = logOf(evidence);
  for (const id of evidence.aborted) if (places.has(id)) yield `${id} was rolled back and is in the log`;
}

export function* everyAnswerToAKeyIsTheSame({ answers }: Evidence): Iterable<string> {
  const first = new Map<string, string>();
  for (const { key, decisions } of answers) {
    const told = decisions.map(({ id, outcome, review }) => `${id} ${outcome} ${String(review)}`).join(', ');
    const before = first.get(key);
    if (before === undefined) first.set(key, told);
    else if (before !== told) yield `key ${key} was answered ${before}, then ${told}`;
  }
}

/** Every request of the suite has a key: each decision has its row, and no row two decisions. */
export function* everyKeyHasOneDecision({ decisions, keys }: Evidence): Iterable<string> {
  const recorded = new Set(decisions.map((row) => row.id));
  const keyed = new Set<string>();
  const names = new Set<string>();
  for (const { decision, name } of keys) {
    if (!recorded.has(decision)) yield `a key leads to ${decision}, which is no decision`;
    if (keyed.has(decision)) yield `two keys lead to ${decision}`;
    if (names.has(name)) yield `a key leads to two decisions`;
    keyed.add(decision);
    names.add(name);
  }
  for (const { id } of decisions) if (!keyed.has(id)) yield `decision ${id} was recorded without its key`;
}

export function* orderFollowsAcknowledgement(evidence: Evidence): Iterable<string> {
  const { places } = logOf(evidence);
  const first = new Map<number, { sent: number; acked: number }>();
  for (const { id, sent, acked } of acknowledged(evidence)) {
    const index = places.get(id);
    if (index === undefined) continue;
    const known = first.get(index);
    first.set(index, { sent: Math.min(sent, known?.sent ?? sent), acked: Math.min(acked, known?.acked ?? acked) });
  }
  let earliest = Infinity;
  let at = -1;
  for (const [index, { sent, acked }] of [...first].sort(([a], [b]) => b - a)) {
    if (earliest < sent) yield `entry ${String(at)} was acknowledged before entry ${String(index)} was sent`;
    if (acked < earliest) [earliest, at] = [acked, index];
  }
}

export function* receiptsOpen({ badReceipts }: Evidence): Iterable<string> {
  yield* badReceipts;
}

export function* everyLeafHasItsPayload(evidence: Evidence): Iterable<string> {
  const { leaves, places } = logOf(evidence);
  const start = new Map(evidence.sequence.map(({ batch, base }) => [batch, base]));
  const seen = new Set<string>();
  for (const { entry, batch, ord, fields, opens } of evidence.payloads) {
    const index = places.get(entry);
    if (index === undefined || index !== (start.get(batch) ?? NaN) + ord) yield `payload ${entry} belongs to no leaf`;
    else if (!decodeLeaf(leaves[index] ?? Buffer.alloc(0)).fields.equals(fields))
      yield `payload ${entry} is not what its leaf commits to`;
    if (!opens) yield `the public fields of ${entry} do not open`;
    if (seen.has(entry)) yield `payload ${entry} is there twice`;
    seen.add(entry);
  }
  for (const leaf of leaves) if (!seen.has(entryOf(leaf))) yield `leaf ${entryOf(leaf)} has no payload`;
}

export function* everyDecisionHasItsRow(evidence: Evidence): Iterable<string> {
  const rows = new Map(evidence.decisions.map((row) => [row.id, row]));
  const outcomes = new Map(evidence.payloads.map(({ entry, outcome }) => [entry, outcome]));
  const told = new Set<string>();
  for (const leaf of kindOf(evidence, 'decision')) {
    const id = uuidOf(leaf.entryId);
    const row = rows.get(id);
    if (!row) yield `decision ${id} is in the log and has no row`;
    else if (row.outcome !== outcomes.get(id)) yield `decision ${id}: row and record differ`;
    told.add(id);
  }
  for (const id of rows.keys()) if (!told.has(id)) yield `decision ${id} has a row and is not in the log`;
  for (const { decisions } of evidence.answers)
    for (const { id, outcome, review } of decisions)
      if (!answeredAs(rows.get(id), outcome, review))
        yield `decision ${id} was answered ${outcome}, its row says otherwise`;
}

const answeredAs = (row: DecisionRow | undefined, outcome: string, review: string | null): boolean =>
  row?.outcome === outcome && row.review === review;

export function* everyEscalationHasItsReview(evidence: Evidence): Iterable<string> {
  const reviews = new Map(evidence.reviews.map(({ id, decision }) => [id, decision]));
  const leaves = new Map(
    [...kindOf(evidence, 'review')].map(({ entryId, ref }) => [uuidOf(entryId), ref && uuidOf(ref)]),
  );
  for (const { id, outcome, review } of evidence.decisions) {
    if ((outcome === 'escalate') !== (review !== null))
      yield `decision ${id}: ${outcome} with review ${String(review)}`;
    if (review === null) continue;
    if (reviews.get(review) !== id) yield `escalation ${id} has no review row`;
    if (leaves.get(review) !== id) yield `escalation ${id} has no review in the log`;
  }
  const escalations = evidence.decisions.filter((row) => row.review !== null).length;
  if (reviews.size !== escalations || leaves.size !== escalations)
    yield `${String(escalations)} escalations, ${String(reviews.size)} review rows, ${String(leaves.size)} reviews in the log`;
}

export function* nothingStrangeWasAnswered({ strange }: Evidence): Iterable<string> {
  yield* strange;
}

/** While PostgreSQL is away there are refusals and nothing else: no other status, no broken connection. */
export function* outagesAreRefusals({ outages }: Evidence): Iterable<string> {
  for (const { name, answers } of outages)
    for (const [kind, count] of Object.entries(answers))
      if (kind !== '503') yield `${name}: ${String(count)} × ${kind}`;
}

interface Acknowledged {
  readonly id: string;
  readonly leaf: Buffer;
  readonly sent: number;
  readonly acked: number;
}

function* acknowledged({ answers, late }: Evidence): Iterable<Acknowledged> {
  for (const { sent, acked, decisions } of answers)
    for (const { id, leaf } of decisions) yield { id, leaf, sent, acked };
  yield* late;
}

function* kindOf(evidence: Evidence, kind: Leaf['kind']): Iterable<Leaf> {
  for (const bytes of logOf(evidence).leaves) {
    const leaf = decodeLeaf(bytes);
    if (leaf.kind === kind) yield leaf;
  }
}
