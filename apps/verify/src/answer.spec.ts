import fc from 'fast-check';
import { generateSignerKey, type Json, noteSigner, noteVerifier } from '@lexecon/crypto';
import type { Decision } from '@lexecon/decision/core';
import { answerIn, base64, MadeLog, recordOf } from '../test/made-log.js';
import { verifyAnswerText } from './answer.js';
import { Invalid, Undecided } from './verdict.js';

type Tree = { [member: string]: Json };

const log = new MadeLog();
const verifiers = log.keys.map(noteVerifier);
const answer = answerIn(log, recordOf());
const proven = { ...answer, receipt: log.proven(answer.receipt) };
const verify = (value: unknown): string => verifyAnswerText(JSON.stringify(value), verifiers);

describe('verifying an answer', () => {
  it('accepts what the server answered, and says what was proven', () => {
    expect(verify(answer)).toContain(
      `escalate ${answer.id} of 2026-11-22T10:30:00.123Z, database:export on table, asked by gateway`,
    );
    expect(verify(answer)).toContain(
      'sealed and so not shown by the receipt: reason, parameters of obligations, review/status, review/expiresAt',
    );
    expect(verify(proven)).toContain('entry 2 of ledger.example.eu/2026h2 under its checkpoint of size 5');
    expect(verify({ ...answer, receipt: { ...answer.receipt, index: 7 } })).toContain('index 7 is said, not proven');
  });

  it('accepts permits with a token, denials, and actors whose id is sealed', () => {
    const { verdict, request } = recordOf();
    const { review: _, ...rest } = recordOf({ verdict: { ...verdict, outcome: 'permit' } });
    expect(verify({ ...answerIn(log, rest), token: 'a.b.c' })).toMatch(/^permit /);
    const person = { ...request, actor: { type: 'user', id: 'ann@example.org' } };
    const sealed = answerIn(log, recordOf({ request: person, verdict: { ...verdict, outcome: 'deny' } }));
    expect(verify(sealed)).toContain('actor/id');
  });

  it('accepts a receipt alone and every answer of a batch', () => {
    expect(verify(answer.receipt)).toContain(
      `decision ${answer.id} of 2026-11-22T10:30:00.123Z says {"action":"database:export"`,
    );
    expect(verify({ decisions: [answer, proven] }).split('\n')).toHaveLength(2);
    expect(() => verify({ decisions: [answer, { ...answer, outcome: 'permit' }] })).toThrow(
      'decisions/1: outcome is "permit"',
    );
  });

  it('calls a batch without answers invalid: nothing is proven by it', () => {
    expect(() => verify({ decisions: [] })).toThrow(Invalid);
  });

  it('refuses a permit over a leaf that says deny', () => {
    const denied = answerIn(log, recordOf({ verdict: { ...recordOf().verdict, outcome: 'deny' } }));
    expect(() => verify({ ...denied, outcome: 'permit', token: 'a.b.c' })).toThrow(
      'outcome is "permit", but the ledger holds "deny"',
    );
  });

  it.each<[string, (a: Decision) => unknown, string]>([
    ['another id', (a) => ({ ...a, id: a.id.replace(/1$/, '2') }), 'id is'],
    ['another outcome', (a) => ({ ...a, outcome: 'permit' }), 'outcome is "permit", but the ledger holds "escalate"'],
    ['another time', (a) => ({ ...a, decidedAt: '2026-11-22T10:30:00.124Z' }), 'decidedAt is'],
    ['the same time written otherwise', (a) => ({ ...a, decidedAt: '2026-11-22T11:30:00.123+01:00' }), 'decidedAt is'],
    ['another policy set', (a) => ({ ...a, policySet: a.policySet.replace(/.$/, 'x') }), 'policySet is'],
    ['another rule', (a) => ({ ...a, rules: [{ ...a.rules[0], rule: 'other' }, a.rules[1]] }), 'rules is'],
    ['another version', (a) => ({ ...a, rules: [{ ...a.rules[0], version: 8 }, a.rules[1]] }), 'rules is'],
    ['another effect', (a) => ({ ...a, rules: [{ ...a.rules[0], effect: 'permit' }, a.rules[1]] }), 'rules is'],
    ['a rule less', (a) => ({ ...a, rules: a.rules.slice(1) }), 'rules is'],
    ['a rule more', (a) => ({ ...a, rules: [...a.rules, a.rules[0]] }), 'rules is'],
    ['rules in another order', (a) => ({ ...a, rules: [...a.rules].reverse() }), 'rules is'],
    ['a member more in a rule', (a) => ({ ...a, rules: [{ ...a.rules[0], note: '' }, a.rules[1]] }), 'rules is'],
    ['an obligation less', (a) => ({ ...a, obligations: a.obligations.slice(1) }), 'the names of obligations is'],
    [
      'another obligation',
      (a) => ({ ...a, obligations: [{ name: 'x', parameters: {} }, a.obligations[1]] }),
      'the names of obligations is',
    ],
    ['another review', (a) => ({ ...a, review: { ...a.review, id: a.id } }), 'review/id is'],
    ['no review', (a) => ({ ...a, review: null }), 'review/id is null'],
    ['another actor', (a) => ({ ...a, actor: { type: 'agent', id: 'other-bot' } }), 'actor/id is "other-bot"'],
    ['another type of actor', (a) => ({ ...a, actor: { type: 'user', id: 'support-bot' } }), 'actor/type is "user"'],
    ['a token with an escalation', (a) => ({ ...a, token: 'a.b.c' }), 'there is a token with a escalate'],
    ['an unknown member', (a) => ({ ...a, permitted: true }), 'a member "permitted" that nothing proves'],
    ['a member left out', ({ rules: _, ...a }) => a, 'no member "rules"'],
    ['an unknown member in the receipt', (a) => ({ ...a, receipt: { ...a.receipt, x: 1 } }), 'a member "x"'],
    [
      'an unknown member in the review',
      (a) => ({ ...a, review: { ...a.review, verdict: 'approved' } }),
      'a member "verdict"',
    ],
    [
      'the receipt of another decision',
      (a) => ({ ...a, receipt: answerIn(log, recordOf({ policySet: 'sha256:0' })).receipt }),
      'policySet is',
    ],
    ['the receipt of an entry of another kind', (a) => ({ ...a, receipt: other('audit') }), 'kind audit'],
  ])('refuses %s', (_name, forge, message) => {
    expect(() => verify(forge(answer))).toThrow(Invalid);
    expect(() => verify(forge(answer))).toThrow(message);
  });

  it.each<[string, (r: Decision['receipt']) => unknown, string]>([
    [
      'a public field changed',
      (r) => ({ ...r, opening: { ...r.opening, public: { ...r.opening.public, outcome: 'permit' } } }),
      'a public field was changed',
    ],
    [
      'a public field left out',
      (r) => ({ ...r, opening: { ...r.opening, public: without(r.opening.public, 'review') } }),
      'a public field was changed, added or left out',
    ],
    [
      'a public field added',
      (r) => ({ ...r, opening: { ...r.opening, public: { ...r.opening.public, x: 1 } } }),
      'a public field was changed',
    ],
    [
      'another seed',
      (r) => ({ ...r, opening: { ...r.opening, seed: base64(Buffer.alloc(32)) } }),
      'a public field was changed',
    ],
    [
      'a commitment left out',
      (r) => ({ ...r, opening: { ...r.opening, commitments: r.opening.commitments.slice(1) } }),
      'a public field was changed',
    ],
    ['another schema', (r) => ({ ...r, opening: { ...r.opening, schema: 2 } }), 'opening.schema'],
    ['a flipped bit in the leaf', (r) => ({ ...r, leaf: flipped(r.leaf, 8 * 12) }), 'the path does not lead'],
    [
      'a leaf cut short',
      (r) => ({ ...r, leaf: base64(Buffer.from(r.leaf, 'base64').subarray(0, 97)) }),
      'a leaf has 98 bytes',
    ],
    ['another position', (r) => ({ ...r, position: 3 }), 'the path does not lead'],
    ['a truncated path', (r) => ({ ...r, path: r.path.slice(0, -1) }), 'the path does not lead'],
    ['a longer path', (r) => ({ ...r, path: [...r.path, r.path[0]] }), 'the path does not lead'],
    ['an empty path', (r) => ({ ...r, path: [] }), 'the path does not lead'],
    ['another batch', (r) => ({ ...r, batch: r.batch.replace(/.$/, 'f') }), 'batch is not the one'],
    ['the note of another batch', (r) => ({ ...r, note: other('decision').note }), 'the path does not lead'],
    ['another log', (r) => ({ ...r, log: `${r.log}.example` }), 'is needed to check this receipt'],
    ['another entry', (r) => ({ ...r, entry: r.batch }), 'entry is not the id'],
    ['a negative position', (r) => ({ ...r, position: -1 }), 'receipt/position'],
    ['a broken index', (r) => ({ ...r, index: '7' }), 'receipt/index'],
  ])('refuses a receipt with %s', (_name, forge, message) => {
    expect(() => verify({ ...answer, receipt: forge(answer.receipt) })).toThrow(message);
  });

  it.each<[string, (p: NonNullable<Decision['receipt']['proof']>) => unknown, string]>([
    ['another index', (p) => ({ ...p, index: 3 }), 'receipt/index is not the one that is proven'],
    ['another size', (p) => ({ ...p, size: 6 }), "not the checkpoint's"],
    ['another shard', (p) => ({ ...p, shard: '2027h1' }), 'the checkpoint is of'],
    ['a truncated path', (p) => ({ ...p, path: p.path.slice(1) }), 'does not lead from the leaf to the checkpoint'],
    ['a checkpoint of another tree', (p) => ({ ...p, checkpoint: log.checkpoint(4) }), "not the checkpoint's"],
    [
      'a checkpoint that somebody else signed',
      (p) => ({ ...p, checkpoint: new MadeLog().fill(5, 5).checkpoint() }),
      'no known key signed',
    ],
  ])('refuses a proof of place with %s', (_name, forge, message) => {
    expect(() =>
      verify({ ...proven, receipt: { ...proven.receipt, proof: forge(log.proven(answer.receipt).proof as never) } }),
    ).toThrow(message);
  });

  it('refuses receipts of another key, though of the same name', () => {
    const stranger = noteVerifier(noteSigner(generateSignerKey(log.receipts.name, Buffer.alloc(32, 1))).vkey);
    expect(() => verifyAnswerText(JSON.stringify(answer), [stranger])).toThrow('no known key signed this note');
  });

  it('says nothing about an answer whose key it was not given', () => {
    expect(() => verifyAnswerText(JSON.stringify(answer), [noteVerifier(log.heads.vkey)])).toThrow(Undecided);
    expect(() => verifyAnswerText(JSON.stringify(proven), [noteVerifier(log.receipts.vkey)])).toThrow(Undecided);
  });

  it('refuses a name that stands twice, whichever of the two would be believed', () => {
    const text = JSON.stringify(answer);
    expect(() => verifyAnswerText(text.replace('{', '{"outcome":"permit",'), verifiers)).toThrow(
      '"outcome" stands twice',
    );
    expect(() => verifyAnswerText(text.replace('{', '{"out\\u0063ome":"permit",'), verifiers)).toThrow(
      '"outcome" stands twice',
    );
  });

  it('refuses what is not JSON, not an object, or no answer at all', () => {
    for (const text of ['', '[', '[]', '1', 'null', '"x"', '{}', '{"receipt":{}}', '{"decisions":[{}]}'])
      expect(() => verifyAnswerText(text, verifiers)).toThrow(Invalid);
  });
});

describe('one altered character', () => {
  const significant: readonly (readonly string[])[] = leavesOf(proven as unknown as Json).filter(
    ([first, second, third]) =>
      first !== 'reason' &&
      !(first === 'review' && second !== 'id') &&
      !(first === 'obligations' && third === 'parameters'),
  );

  it('is refused in every significant member of an answer, wherever it stands', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...significant),
        fc.nat(),
        fc.string({ minLength: 1, maxLength: 1 }),
        (path, place, character) => {
          const altered = structuredClone(proven) as unknown as Tree;
          const changed = alteredAt(altered, path, place, character);
          if (changed) expect(() => verify(altered)).toThrow();
          else expect(verify(altered)).toContain('escalate');
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('is refused at every place of every short member', () => {
    for (const path of significant) {
      const text = valueAt(proven as unknown as Json, path);
      if (typeof text !== 'string' || text.length > 50) continue;
      for (let place = 0; place < text.length; place++) {
        const altered = structuredClone(proven) as unknown as Tree;
        if (alteredAt(altered, path, place, '~')) expect(() => verify(altered)).toThrow();
      }
    }
  });

  it('reaches every significant member', () => {
    const names = new Set(significant.map((path) => path.filter((part) => !/^\d+$/.test(part)).join('/')));
    for (const name of [
      'id',
      'outcome',
      'decidedAt',
      'policySet',
      'rules/rule',
      'rules/version',
      'obligations/name',
      'review/id',
      'actor/id',
    ])
      expect(names).toContain(name);
    for (const name of [
      'leaf',
      'note',
      'path',
      'position',
      'batch',
      'log',
      'entry',
      'index',
      'opening/seed',
      'opening/public/outcome',
    ])
      expect(names).toContain(`receipt/${name}`);
    for (const name of ['index', 'size', 'path', 'checkpoint', 'shard'])
      expect(names).toContain(`receipt/proof/${name}`);
  });
});

function other(kind: 'audit' | 'decision'): Decision['receipt'] {
  const { receipts: _, ...rest } = { receipts: 0, ...recordOf() };
  const entry = { entryId: rest.id, timeMs: 1, class: 'decision' as const, public: { outcome: 'deny' }, sealed: [] };
  return log.append([entry], kind)[0] as Decision['receipt'];
}

function without(object: Readonly<Record<string, Json>>, member: string): Record<string, Json> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== member));
}

function flipped(text: string, bit: number): string {
  const bytes = Buffer.from(text, 'base64');
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return base64(bytes);
}

/** The paths of all texts and numbers. */
function leavesOf(value: Json, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object') return [[...path]];
  return Object.entries(value ?? {}).flatMap(([name, member]) => leavesOf(member, [...path, name]));
}

const valueAt = (value: Json, path: readonly string[]): Json =>
  path.reduce((inner, name) => (inner as Tree)[name] ?? null, value);

/** Whether anything changed. */
function alteredAt(tree: Tree, path: readonly string[], place: number, character: string): boolean {
  const parent = valueAt(tree, path.slice(0, -1)) as Tree;
  const last = path.at(-1) ?? '';
  const before = parent[last] ?? null;
  if (typeof before === 'number') parent[last] = before + 1 + (place % 5);
  else if (typeof before === 'string') {
    const at = before.length === 0 ? 0 : place % before.length;
    parent[last] = before.slice(0, at) + character + before.slice(at + 1);
  }
  return parent[last] !== before;
}
