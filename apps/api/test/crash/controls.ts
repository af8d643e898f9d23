import { EMPTY_ROOT, sha256 } from '@lexecon/crypto';
import { entryOf, type Evidence, leavesOf, logOf } from './evidence.js';
import { receiptProblem } from './journal.reader.js';
import { findings, type OracleName } from './oracle.js';

/** A falsification that an oracle must find: the evidence as it would be after that damage. */
interface Control {
  readonly damage: string;
  readonly oracle: OracleName;
  readonly falsify: (evidence: Evidence) => Evidence;
}

export interface ControlResult {
  readonly damage: string;
  readonly oracle: OracleName;
  readonly found: boolean;
}

/** Applies every falsification to a copy and tells whether its oracle noticed. */
export function runControls(evidence: Evidence): readonly ControlResult[] {
  return controls.map(({ damage, oracle, falsify }) => ({
    damage,
    oracle,
    found: findings(oracle, falsify(evidence), 1).length > 0,
  }));
}

/** Index of something in the middle that is not there by chance. */
const middle = (list: readonly unknown[]): number => Math.floor(list.length / 2);

function without<T>(list: readonly T[], index: number): T[] {
  return list.toSpliced(index, 1);
}

function changed<T>(list: readonly T[], index: number, change: (one: T) => T): T[] {
  const one = list[index];
  if (one === undefined) throw new Error('there is nothing to falsify: the run was too short');
  return list.with(index, change(one));
}

function flipped(bytes: Buffer, at = 0): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

const escalated = ({ decisions }: Evidence): number => decisions.findIndex((row) => row.review !== null);

/** The batch of an acknowledged decision, with one bit of its first leaf turned. */
const leafTurned = (evidence: Evidence): Evidence => {
  const at = batchOfAnswer(evidence);
  return {
    ...evidence,
    batches: changed(evidence.batches, at, (batch) => ({ ...batch, leaves: flipped(batch.leaves, 70) })),
  };
};

function batchOfAnswer({ batches, answers }: Evidence): number {
  const told = new Set(answers.flatMap(({ decisions }) => decisions.map(({ id }) => id)));
  return batches.findIndex(({ leaves }) => leavesOf(leaves).some((leaf, i) => i === 0 && told.has(entryOf(leaf))));
}

/** The same entries, indexed by the time in their batch's UUIDv7 instead of by arrival, as clocks that differ by a second make it. */
const orderedByUuid = (evidence: Evidence): Evidence => {
  const timeOf = (batch: string): number => Number.parseInt(batch.replaceAll('-', '').slice(0, 12), 16);
  const skewed = (batch: string): number => timeOf(batch) + (sha256(batch)[0] ?? 0) * 8;
  let base = 0;
  const sequence = [...evidence.sequence]
    .sort((a, b) => skewed(a.batch) - skewed(b.batch))
    .map((row) => ({ ...row, base: (base += row.n) - row.n }));
  return { ...evidence, sequence };
};

const swapped = (evidence: Evidence): Evidence => {
  const { sequence } = evidence;
  const [first, last] = [sequence[2], sequence.at(-1)];
  if (!first || !last) throw new Error('there is nothing to falsify: the run was too short');
  return {
    ...evidence,
    sequence: sequence.with(2, { ...last, base: first.base }).with(-1, { ...first, base: last.base }),
  };
};

/** Somebody signs what is not the log’s head, with a key of their own. */
const permitOverDeny = (evidence: Evidence): Evidence => {
  const sample = evidence.receipts.find(({ answered }) => answered.outcome === 'deny') ?? evidence.receipts[0];
  if (!sample) throw new Error('there is nothing to falsify: the run was too short');
  const forged = { ...sample, answered: { ...sample.answered, outcome: 'permit' as const, id: sample.answered.id } };
  const problem = receiptProblem(forged, evidence.receiptVerifier);
  return { ...evidence, badReceipts: problem === null ? [] : [problem] };
};

const receiptTurned = (evidence: Evidence): Evidence => {
  const [sample] = evidence.receipts;
  if (!sample) throw new Error('there is nothing to falsify: the run was too short');
  const { receipt } = sample.answered;
  const leaf = flipped(Buffer.from(receipt.leaf, 'base64'), 20).toString('base64');
  const problem = receiptProblem(
    { ...sample, answered: { ...sample.answered, receipt: { ...receipt, leaf } } },
    evidence.receiptVerifier,
  );
  return { ...evidence, badReceipts: problem === null ? [] : [problem] };
};

const noteTurned = (evidence: Evidence): Evidence => {
  const [sample] = evidence.receipts;
  if (!sample) throw new Error('there is nothing to falsify: the run was too short');
  const problem = receiptProblem(
    { ...sample, note: sample.note.replace(/time \d/, 'time 9') },
    evidence.receiptVerifier,
  );
  return { ...evidence, badReceipts: problem === null ? [] : [problem] };
};

const controls: readonly Control[] = [
  {
    damage: 'an acknowledged batch is gone',
    oracle: 'everything acknowledged is in the log, with the leaf that was promised',
    falsify: (e) => {
      const lost = e.batches[batchOfAnswer(e)]?.id;
      return { ...e, sequence: e.sequence.filter((row) => row.batch !== lost) };
    },
  },
  {
    damage: 'a bit of an acknowledged leaf is turned',
    oracle: 'everything acknowledged is in the log, with the leaf that was promised',
    falsify: leafTurned,
  },
  {
    damage: 'a batch stands twice',
    oracle: 'no entry stands twice',
    falsify: (e) => ({ ...e, sequence: [...e.sequence, ...e.sequence.slice(3, 4)] }),
  },
  {
    damage: 'a repeat is answered with another decision',
    oracle: 'every answer to one key is the same',
    falsify: (e) => {
      const answer = e.answers[middle(e.answers)];
      if (!answer) throw new Error('there is nothing to falsify: the run was too short');
      const other = {
        ...answer,
        decisions: answer.decisions.map((one) => ({ ...one, id: e.receipts[0]?.answered.id ?? '' })),
      };
      return { ...e, answers: [...e.answers, other] };
    },
  },
  {
    damage: 'a decision is recorded a second time, without a key',
    oracle: 'every key has one decision, and every decision its key',
    falsify: (e) => ({ ...e, keys: without(e.keys, middle(e.keys)) }),
  },
  {
    damage: 'a key leads to a decision that does not exist',
    oracle: 'every key has one decision, and every decision its key',
    falsify: (e) => ({ ...e, decisions: without(e.decisions, middle(e.decisions)) }),
  },
  {
    damage: 'an entry of an aborted transaction stays',
    oracle: 'nothing that was rolled back is in the log',
    falsify: (e) => ({
      ...e,
      aborted: [...e.aborted, entryOf(logOf(e).leaves[middle(logOf(e).leaves)] ?? Buffer.alloc(98))],
    }),
  },
  { damage: 'two entries are swapped', oracle: 'order follows acknowledgement', falsify: swapped },
  {
    damage: 'indexes follow UUIDv7 instead of arrival',
    oracle: 'order follows acknowledgement',
    falsify: orderedByUuid,
  },
  {
    damage: 'an index is left out',
    oracle: 'indexes are dense',
    falsify: (e) => ({ ...e, sequence: without(e.sequence, middle(e.sequence)) }),
  },
  {
    damage: 'a batch is never sequenced',
    oracle: 'every batch is sequenced once',
    falsify: (e) => ({ ...e, sequence: e.sequence.slice(0, -1) }),
  },
  {
    damage: 'two heads follow the same one',
    oracle: 'heads follow each other without a fork',
    falsify: (e) => ({
      ...e,
      heads: changed(e.heads, middle(e.heads), (head) => ({ ...head, previous: (head.previous ?? 0) - 1 })),
    }),
  },
  { damage: 'a bit of a leaf is turned', oracle: 'every root is that of its entries', falsify: leafTurned },
  {
    damage: 'a head is forged',
    oracle: 'every root is that of its entries',
    falsify: (e) => ({ ...e, heads: changed(e.heads, middle(e.heads), (head) => ({ ...head, root: EMPTY_ROOT })) }),
  },
  {
    damage: 'a bit of a head’s signature is turned',
    oracle: 'every head is signed by the log’s key',
    falsify: (e) => ({
      ...e,
      signatures: changed(e.signatures, middle(e.signatures), (s) => ({ ...s, signature: flipped(s.signature, 30) })),
    }),
  },
  {
    damage: 'a head was never published',
    oracle: 'every head is signed by the log’s key',
    falsify: (e) => ({ ...e, signatures: without(e.signatures, middle(e.signatures)) }),
  },
  {
    damage: 'a checkpoint is of another tree',
    oracle: 'every checkpoint is consistent with the next',
    falsify: (e) => ({
      ...e,
      heads: changed(e.heads, middle(e.heads), (head) => ({ ...head, root: sha256(head.root) })),
    }),
  },
  {
    damage: 'a bit of a tile is turned',
    oracle: 'tiles are right and complete',
    falsify: (e) => ({
      ...e,
      tiles: changed(e.tiles, middle(e.tiles), (tile) => ({ ...tile, data: flipped(tile.data, 77) })),
    }),
  },
  {
    damage: 'a tile is gone',
    oracle: 'tiles are right and complete',
    falsify: (e) => ({ ...e, tiles: without(e.tiles, middle(e.tiles)) }),
  },
  {
    damage: 'a batch is signed by somebody else',
    oracle: 'every batch is signed by the receipt key',
    falsify: (e) => ({
      ...e,
      batches: changed(e.batches, middle(e.batches), (b) => ({ ...b, signature: flipped(b.signature, 40) })),
    }),
  },
  {
    damage: 'a permit over a leaf that says deny',
    oracle: 'every receipt opens and says what was answered',
    falsify: permitOverDeny,
  },
  {
    damage: 'a bit of a receipt’s leaf is turned',
    oracle: 'every receipt opens and says what was answered',
    falsify: receiptTurned,
  },
  {
    damage: 'the signed time of a receipt is changed',
    oracle: 'every receipt opens and says what was answered',
    falsify: noteTurned,
  },
  {
    damage: 'a payload is gone',
    oracle: 'every leaf has its payload',
    falsify: (e) => ({ ...e, payloads: without(e.payloads, middle(e.payloads)) }),
  },
  {
    damage: 'a payload is another one',
    oracle: 'every leaf has its payload',
    falsify: (e) => ({
      ...e,
      payloads: changed(e.payloads, middle(e.payloads), (p) => ({ ...p, fields: sha256(p.fields) })),
    }),
  },
  {
    damage: 'a decision’s row is gone',
    oracle: 'every decision has its row and its record',
    falsify: (e) => ({ ...e, decisions: without(e.decisions, middle(e.decisions)) }),
  },
  {
    damage: 'a row says permit, the record says otherwise',
    oracle: 'every decision has its row and its record',
    falsify: (e) => ({
      ...e,
      decisions: changed(e.decisions, escalated(e), (row) => ({ ...row, outcome: 'permit' as const })),
    }),
  },
  {
    damage: 'an escalation without a review',
    oracle: 'every escalation has its review, as row and as leaf',
    falsify: (e) => ({ ...e, reviews: without(e.reviews, middle(e.reviews)) }),
  },
  {
    damage: 'the guard is behind',
    oracle: 'the guard holds the newest head and never went back',
    falsify: (e) => ({ ...e, heads: e.heads.slice(0, -1) }),
  },
  {
    damage: 'the guard went back',
    oracle: 'the guard holds the newest head and never went back',
    falsify: (e) => ({ ...e, guardSizes: [...e.guardSizes, 1] }),
  },
  {
    damage: 'a fault is answered with 500',
    oracle: 'only decisions and 503 are answered',
    falsify: (e) => ({ ...e, strange: ['500'] }),
  },
  {
    damage: 'a connection breaks while PostgreSQL is stopped',
    oracle: 'without PostgreSQL there are only 503',
    falsify: (e) => ({
      ...e,
      outages: e.outages.map((one) => ({ ...one, answers: { ...one.answers, connection: 1 } })),
    }),
  },
];
