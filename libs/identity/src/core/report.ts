import { canonicalJson, type Json, type NoteVerifier, openNote, sha256 } from '@lexecon/crypto';

/** What became of an item. `kept`: nobody confirmed it, and it could not be taken away; `exception` says why.
 *  `ended-before`: it had ended for another reason before it could be taken away. */
export const outcomes = ['confirmed', 'revoked', 'revoked-automatically', 'kept', 'ended-before'] as const;
export type Outcome = (typeof outcomes)[number];

/** One grant, key or agent of a campaign. People stand here by account id alone, so that erasing one leaves the hash as it is. */
export interface ReportItem {
  readonly id: string;
  readonly kind: 'grant' | 'key' | 'agent';
  /** Id of the grant, key or agent. */
  readonly of: string;
  /** Whoever holds the grant, or answers for the agent. */
  readonly account: string | null;
  /** What it was when the campaign opened. */
  readonly snapshot: Readonly<Record<string, Json>>;
  readonly outcome: Outcome;
  readonly exception: string | null;
  readonly decidedBy: string | null;
  /** RFC 3339, as all moments here. */
  readonly decidedAt: string;
  /** `sha256:` and hex over a salt of 16 bytes and the reason in UTF-8; the words themselves are kept beside the report. */
  readonly reason: string | null;
}

export interface ReportHead {
  readonly id: string;
  readonly name: string;
  /** `YYYY-MM` of a campaign that the calendar opened. */
  readonly period: string | null;
  readonly openedBy: string | null;
  readonly openedAt: string;
  readonly dueAt: string;
  readonly closedAt: string;
}

export interface Report extends ReportHead {
  readonly format: 'lexecon.access-review/v1';
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly items: readonly ReportItem[];
}

export function reportOf(head: ReportHead, items: readonly ReportItem[]): Report {
  const counts = Object.fromEntries(
    outcomes.map((outcome) => [outcome, items.filter((item) => item.outcome === outcome).length]),
  ) as Record<Outcome, number>;
  return { format: 'lexecon.access-review/v1', ...head, counts, items };
}

/** Second part of the note's first line, after the log's name. */
export const NOTE_NAME = 'access-review/v1';

/** What is signed of a report: its id and the SHA-256 of its canonical JSON (RFC 8785). */
export const noteLines = (id: string, canonical: string): readonly string[] => [
  `review ${id}`,
  `sha256 ${sha256(Buffer.from(canonical)).toString('hex')}`,
];

export const reasonHash = (salt: Buffer, reason: string): Buffer => sha256(Buffer.concat([salt, Buffer.from(reason)]));

export class ReportError extends Error {}

/** The log whose receipt key signed this report. Throws ReportError, or NoteError, naming the first thing that is wrong. */
export function checkReport(report: Json, note: string, verifiers: readonly NoteVerifier[]): string {
  const { text, signers } = openNote(note, verifiers);
  const match = /^(.+)\/access-review\/v1\nreview ([0-9a-f-]{36})\nsha256 ([0-9a-f]{64})\n$/.exec(text);
  if (!match) throw new ReportError('the note is not of an access review');
  const [, origin = '', id = '', hash] = match;
  if (!signers.some(({ name }) => name === `${origin}/receipt`))
    throw new ReportError(`the note is not signed by ${origin}/receipt`);
  if (sha256(Buffer.from(canonicalJson(report))).toString('hex') !== hash)
    throw new ReportError('the report is not the one that was signed');
  if (typeof report !== 'object' || report === null || !('id' in report) || report.id !== id)
    throw new ReportError('the report is of another campaign than the note');
  return origin;
}
