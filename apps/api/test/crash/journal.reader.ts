import type { NoteVerifier } from '@lexecon/crypto';
import { openReceipt, uuidOf } from '@lexecon/ledger/core';
import type { Answer, Evidence, LateEntry, ReceiptSample } from './evidence.js';
import { type Answered, Journal } from './journal.js';

const SAMPLES = 200;

type JournalEvidence = Pick<Evidence, 'answers' | 'late' | 'aborted' | 'badReceipts' | 'receipts' | 'strange'>;

/** Reads the journal once. Every receipt in it is opened on the way; only some are kept whole. */
export async function journalEvidence(path: string, verifier: NoteVerifier): Promise<JournalEvidence> {
  const notes = new Map<string, string>();
  const answers: Answer[] = [];
  const late: LateEntry[] = [];
  const aborted: string[] = [];
  const badReceipts: string[] = [];
  const receipts: ReceiptSample[] = [];
  const strange: string[] = [];
  const once = remembering(verifier);
  for await (const line of Journal.read(path)) {
    if (line.t === 'note') notes.set(line.batch, line.note);
    else if (line.t === 'late') late.push({ ...line, leaf: Buffer.from(line.leaf, 'base64') });
    else if (line.t === 'aborted') aborted.push(line.id);
    else if (line.t === 'strange') strange.push(`${line.phase}: ${line.what}`);
    else if (line.t === 'answer') {
      answers.push({ ...line, decisions: line.decisions.map(compact) });
      for (const answered of line.decisions) {
        const sample = { answered, note: notes.get(answered.receipt.batch) ?? '' };
        const problem = receiptProblem(sample, once);
        if (problem !== null) badReceipts.push(`${answered.id}: ${problem}`);
        if (receipts.length < SAMPLES) receipts.push(sample);
      }
    }
  }
  return { answers, late, aborted, badReceipts, receipts, strange };
}

/** Why this answer does not follow from its receipt; null when it does. */
export function receiptProblem({ answered, note }: ReceiptSample, verifier: NoteVerifier): string | null {
  try {
    const leaf = openReceipt({ ...answered.receipt, note }, [verifier]);
    if (leaf.kind !== 'decision') return `the receipt is of a ${leaf.kind}`;
    if (uuidOf(leaf.entryId) !== answered.id) return 'the receipt is of another entry';
    const { public: open } = answered.receipt.opening;
    if (open['outcome'] !== answered.outcome)
      return `answered ${answered.outcome} over a leaf that says ${JSON.stringify(open['outcome'])}`;
    return (open['review'] ?? null) === answered.review ? null : 'the review is not the one in the leaf';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const compact = ({ id, outcome, review, receipt }: Answered): Answer['decisions'][number] => ({
  id,
  outcome,
  review,
  leaf: Buffer.from(receipt.leaf, 'base64'),
});

/** The same verifier, which checks the same text and signature only once in a row. */
function remembering(verifier: NoteVerifier): NoteVerifier {
  let last: { readonly text: string; readonly sig: Buffer; readonly holds: boolean } | undefined;
  return {
    ...verifier,
    verify(text, sig) {
      if (last?.text !== text || !last.sig.equals(sig))
        last = { text, sig: Buffer.from(sig), holds: verifier.verify(text, sig) };
      return last.holds;
    },
  };
}
