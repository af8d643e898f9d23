import { canonicalJson, type Json, type NoteVerifier } from '@lexecon/crypto';
import { type Leaf, type Receipt, uuidOf } from '@lexecon/ledger/core';
import { receiptOf, verifyReceipt } from './receipt.js';
import { listOf, type Members, membersOf, objectOf, orNull, textOf } from './shape.js';
import { strictJson } from './strict-json.js';
import { Invalid } from './verdict.js';

const ANSWER = [
  'id',
  'outcome',
  'reason',
  'actor',
  'rules',
  'obligations',
  'policySet',
  'decidedAt',
  'review',
  'token',
  'receipt',
];

/** Checks a decision's whole answer, a batch of answers, or a receipt alone. Says what was proven. Throws Invalid, Undecided. */
export function verifyAnswerText(text: string, verifiers: readonly NoteVerifier[]): string {
  const members = objectOf(strictJson(text), 'the file');
  if ('decisions' in members) {
    const { decisions } = membersOf(members, 'the file', ['decisions']);
    if (Array.isArray(decisions) && decisions.length === 0) throw new Invalid('decisions: there is none');
    return listOf(decisions, 'decisions', (one, name) => within(name, () => verifyAnswer(one, verifiers))).join('\n');
  }
  return 'note' in members ? verifyAlone(members, verifiers) : verifyAnswer(members, verifiers);
}

function verifyAlone(value: Json, verifiers: readonly NoteVerifier[]): string {
  const receipt = receiptOf(value);
  const leaf = verifyReceipt(receipt, verifiers);
  return `${leaf.kind} ${receipt.entry} of ${timeOf(leaf)} says ${canonicalJson(receipt.opening.public)}; ${placeOf(receipt)}`;
}

/** The answer, step by step: its shape, its receipt, and that it says what the leaf says. */
function verifyAnswer(value: Json, verifiers: readonly NoteVerifier[]): string {
  const answer = membersOf(value, 'the answer', ANSWER);
  const receipt = receiptOf(answer['receipt']);
  const leaf = verifyReceipt(receipt, verifiers);
  const recorded = recordedOf(leaf, receipt.opening.public);
  compare(answer, recorded);
  return `${recorded.outcome} ${recorded.id} of ${recorded.decidedAt}, ${subjectOf(receipt.opening.public)}; ${placeOf(receipt)}; sealed and so not shown by the receipt: ${unprovenIn(recorded)}`;
}

interface Recorded {
  readonly id: string;
  readonly outcome: string;
  readonly decidedAt: string;
  readonly policySet: Json;
  readonly rules: Json;
  readonly obligations: Json;
  readonly review: Json;
  readonly actorType: Json;
  /** Undefined when the actor's id is sealed. */
  readonly actorId: Json | undefined;
}

function recordedOf(leaf: Leaf, open: Members): Recorded {
  if (leaf.kind !== 'decision') throw new Invalid(`the receipt is of an entry of kind ${leaf.kind}, not of a decision`);
  const actor = objectOf(open['actor'], 'receipt/opening/public/actor');
  return {
    id: uuidOf(leaf.entryId),
    outcome: textOf(open['outcome'], 'receipt/opening/public/outcome'),
    decidedAt: timeOf(leaf),
    policySet: open['policySet'] ?? null,
    rules: open['rules'] ?? null,
    obligations: open['obligations'] ?? null,
    review: open['review'] ?? null,
    actorType: actor['type'] ?? null,
    actorId: actor['id'],
  };
}

function compare(answer: Members, recorded: Recorded): void {
  const actor = membersOf(answer['actor'], 'actor', ['type', 'id']);
  const obligations = listOf(answer['obligations'], 'obligations', nameOf);
  const said: readonly (readonly [string, Json, Json])[] = [
    ['id', answer['id'] ?? null, recorded.id],
    ['outcome', answer['outcome'] ?? null, recorded.outcome],
    ['decidedAt', answer['decidedAt'] ?? null, recorded.decidedAt],
    ['policySet', answer['policySet'] ?? null, recorded.policySet],
    ['rules', answer['rules'] ?? null, recorded.rules],
    ['the names of obligations', obligations, recorded.obligations],
    ['review/id', reviewOf(answer['review']), recorded.review],
    ['actor/type', actor['type'] ?? null, recorded.actorType],
    ['actor/id', textOf(actor['id'], 'actor/id'), recorded.actorId ?? actor['id'] ?? null],
  ];
  for (const [name, here, there] of said)
    if (canonicalJson(here) !== canonicalJson(there))
      throw new Invalid(`${name} is ${canonicalJson(here)}, but the ledger holds ${canonicalJson(there)}`);
  textOf(answer['reason'], 'reason');
  const token = orNull(answer['token'], (text) => textOf(text, 'token'));
  if (token !== null && recorded.outcome !== 'permit') throw new Invalid(`there is a token with a ${recorded.outcome}`);
}

function nameOf(value: Json, name: string): string {
  const obligation = membersOf(value, name, ['name', 'parameters']);
  return textOf(obligation['name'], `${name}/name`);
}

const reviewOf = (value: Json | undefined): string | null =>
  orNull(value, (review) => textOf(membersOf(review, 'review', ['id', 'status', 'expiresAt'])['id'], 'review/id'));

const timeOf = (leaf: Leaf): string => new Date(leaf.timeMs).toISOString();

const subjectOf = (open: Members): string =>
  `${wordOf(open['action'])} on ${wordOf(open['resourceType'])}, asked by ${wordOf(open['principal'])}`;

const wordOf = (value: Json | undefined): string => (typeof value === 'string' ? value : JSON.stringify(value));

function placeOf({ log, index, proof }: Receipt): string {
  if (proof)
    return `entry ${String(proof.index)} of ${log}/${proof.shard} under its checkpoint of size ${String(proof.size)}`;
  return `promised by ${log}${index === null ? '' : `; index ${String(index)} is said, not proven`}`;
}

const unprovenIn = ({ actorId, review }: Recorded): string =>
  [
    'reason',
    'parameters of obligations',
    ...(actorId === undefined ? ['actor/id'] : []),
    ...(review === null ? [] : ['review/status', 'review/expiresAt']),
  ].join(', ');

function within<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Invalid) throw new Invalid(`${name}: ${error.message}`);
    throw error;
  }
}
