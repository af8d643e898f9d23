import { isIP } from 'node:net';
import type { Origin, Principal } from '@lexecon/auth';
import type { Json } from '@lexecon/crypto';
import { networkOf } from '../address.js';
import type { AccessEvent } from './access.kind.js';

export type Fields = Readonly<Record<string, Json>>;

/** How somebody proved who they are. */
export type Proof =
  | 'password'
  | 'totp'
  | 'passkey'
  | 'recovery-code'
  | 'oidc'
  | 'api-key'
  | 'access-token'
  | 'setup-token'
  | 'invitation';

/** One thing that happened, before its personal part is sealed. */
export interface AccessFact {
  readonly event: AccessEvent;
  /** Who did it; undefined when the deployment itself did, or the person concerned before they were signed in. */
  readonly by?: Principal | undefined;
  /** Whom it was done to: a person's subject (`account:<uuid>`, `user:<name>`) and what is said about them. */
  readonly about?: { readonly subject: string; readonly fields: Fields } | undefined;
  /** Why: a justification or reason in somebody's own words. Sealed under the person concerned. */
  readonly why?: string | undefined;
  /** From where; `by.from` when left out. Its network is public, the address sealed under whoever called. */
  readonly from?: Origin | undefined;
  /** How whoever did it proved who they are, where that is the point. */
  readonly proof?: Proof | undefined;
  /** What anybody may read. */
  readonly public?: Fields;
  /** What is neither public nor about the person concerned (free text, attributes): sealed under whoever did it. */
  readonly sealed?: Fields;
}

/** One person has one key in the vault, however their id is written. */
export const accountSubject = (id: string): string => `account:${id.toLowerCase()}`;
/** What concerns no person is sealed under the deployment's own key. */
const DEPLOYMENT = 'deployment:';

/** What anybody may read of it: never a person's name, e-mail, account or full address. */
export function publicPart({ by, from = by?.from, proof, public: open }: AccessFact): Fields {
  return {
    ...open,
    ...(from && { network: networkOf(from.address) }),
    ...(proof && { proof }),
    ...(by?.kind === 'agent' && { by: { type: 'agent', id: by.name } }),
  };
}

/** What is sealed, by the subject under whose key. Free text is one line without control characters, whatever was sent. */
export function sealedParts({ by, about, why, from = by?.from, sealed = {} }: AccessFact): ReadonlyMap<string, Fields> {
  const groups = new Map<string, Fields>();
  const add = (subject: string, fields: Fields): void => {
    if (Object.keys(fields).length > 0) groups.set(subject, { ...groups.get(subject), ...fields });
  };
  const who = by?.kind === 'person' ? accountSubject(by.id) : DEPLOYMENT;
  if (about) add(about.subject, about.fields);
  if (why !== undefined) add(about?.subject ?? who, { why: oneLine(why) });
  add(who, { ...(by?.kind === 'person' && { by: by.id }), ...sealed });
  if (from) add(by ? who : (about?.subject ?? DEPLOYMENT), whereFrom(from, by !== undefined || about !== undefined));
  return groups;
}

/** Of somebody who is not known nothing personal is kept: no more of the address than its network. */
const whereFrom = ({ address, requestId }: Origin, known: boolean): Fields => ({
  ...(known && isIP(address) > 0 && { address }),
  ...(requestId !== undefined && { requestId: oneLine(requestId) }),
});

const LONGEST = 1_000;

/** One line without control characters, whatever was sent: nothing in it can look like a line of its own. */
export const oneLine = (text: string): string =>
  text
    .slice(0, LONGEST)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');
