import { type Json, NoteError, type NoteVerifier } from '@lexecon/crypto';
import { checkReport, reasonHash, ReportError } from '@lexecon/identity/core';
import { bytesOfBase64, listOf, objectOf, orNull, textOf } from './shape.js';
import { strictJson } from './strict-json.js';
import { Invalid } from './verdict.js';

/** Checks the whole answer of `GET /api/v1/access-reviews/{id}/report` in three steps: the signature over a hash, the report against
 *  that hash, and the reasons that are shown against the hashes in the report. Names of people are not proven by anything.
 *  Throws Invalid naming the first thing that is wrong. */
export function verifyAccessReview(text: string, verifiers: readonly NoteVerifier[]): string {
  const answer = objectOf(strictJson(text), 'the answer');
  const note = textOf(answer['note'], 'note');
  const origin = signerOf(answer['report'] ?? null, note, verifiers);
  const report = objectOf(answer['report'], 'report');
  const hashes = new Map(listOf(report['items'], 'report/items', hashOfItem));
  const reasons = Object.entries(objectOf(answer['reasons'], 'reasons'));
  for (const [item, shown] of reasons) checkReason(item, shown, hashes.get(item) ?? null);
  const hash = note.split('\n')[2] ?? '';
  const what = `access review ${textOf(report['id'], 'report/id')} closed ${textOf(report['closedAt'], 'report/closedAt')}`;
  return `${what}, signed by ${origin}; ${String(hashes.size)} items, ${String(reasons.length)} reasons as they were given; ${hash}`;
}

function signerOf(report: Json, note: string, verifiers: readonly NoteVerifier[]): string {
  try {
    return checkReport(report, note, verifiers);
  } catch (error) {
    if (error instanceof NoteError || error instanceof ReportError) throw new Invalid(error.message);
    throw error;
  }
}

function hashOfItem(value: Json, name: string): readonly [string, string | null] {
  const { id, reason } = objectOf(value, name);
  return [textOf(id, `${name}/id`), orNull(reason, (hash) => textOf(hash, `${name}/reason`))];
}

function checkReason(item: string, shown: Json, expected: string | null): void {
  const { salt, reason } = objectOf(shown, `reasons/${item}`);
  const bytes = bytesOfBase64(textOf(salt, `reasons/${item}/salt`), `reasons/${item}/salt`);
  const hash = reasonHash(bytes, textOf(reason, `reasons/${item}/reason`)).toString('hex');
  if (expected !== `sha256:${hash}`) throw new Invalid(`reasons/${item} is not the reason that was given`);
}
