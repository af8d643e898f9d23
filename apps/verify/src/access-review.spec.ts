import { canonicalJson, generateSignerKey, type Json, noteSigner, noteVerifier } from '@lexecon/crypto';
import { NOTE_NAME, noteLines, reasonHash, reportOf } from '@lexecon/identity/core';
import { verifyAccessReview } from './access-review.js';
import { Invalid } from './verdict.js';

const signer = noteSigner(generateSignerKey('test.log/receipt', Buffer.alloc(32, 3)));
const verifiers = [noteVerifier(signer.vkey)];
const id = '0199f0c4-1111-7000-8000-0000000000aa';
const salt = Buffer.alloc(16, 5);

const report = reportOf(
  {
    id,
    name: 'Autumn',
    period: null,
    openedBy: null,
    openedAt: '2026-10-01T00:00:00.000Z',
    dueAt: '2026-10-31T00:00:00.000Z',
    closedAt: '2026-10-31T00:01:00.000Z',
  },
  [
    {
      id: '0199f0c4-2222-7000-8000-0000000000aa',
      kind: 'grant',
      of: '0199f0c4-3333-7000-8000-0000000000aa',
      account: '0199f0c4-4444-7000-8000-0000000000aa',
      snapshot: { role: 'reviewer' },
      outcome: 'confirmed',
      exception: null,
      decidedBy: '0199f0c4-5555-7000-8000-0000000000aa',
      decidedAt: '2026-10-02T00:00:00.000Z',
      reason: `sha256:${reasonHash(salt, 'still needed').toString('hex')}`,
    },
  ],
);

const answer = {
  report,
  note: signer.sign(
    `${[`test.log/${NOTE_NAME}`, ...noteLines(id, canonicalJson(report as unknown as Json))].join('\n')}\n`,
  ),
  reasons: { '0199f0c4-2222-7000-8000-0000000000aa': { salt: salt.toString('base64'), reason: 'still needed' } },
  people: {},
};
const verify = (changed: object = {}): string =>
  verifyAccessReview(JSON.stringify({ ...answer, ...changed }), verifiers);

describe('the report of an access review', () => {
  it('is valid when signature, hash and reasons hold', () => {
    expect(verify()).toMatch(
      /^access review 0199f0c4-1111-.* signed by test\.log; 1 items, 1 reasons .* sha256 [0-9a-f]{64}$/,
    );
  });

  it('is valid without the reasons of people who were erased', () => {
    expect(verify({ reasons: {} })).toContain('0 reasons');
  });

  it('is invalid with another outcome, another reason, or another note', () => {
    const [item] = report.items;
    const changed = { ...report, items: [{ ...item, outcome: 'revoked' }] };
    expect(() => verify({ report: changed })).toThrow(Invalid);
    const reasons = { [item?.id ?? '']: { salt: salt.toString('base64'), reason: 'was asked to' } };
    expect(() => verify({ reasons })).toThrow(/not the reason that was given/);
    expect(() => verify({ note: answer.note.replace('review ', 'review 0') })).toThrow(Invalid);
    expect(() => verify({ note: undefined })).toThrow(/note is not a text/);
  });
});
