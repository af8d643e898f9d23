import type { Json } from '@lexecon/crypto';
import { type Entry, type SealedGroup, type SubjectKey, uuidOf } from '@lexecon/ledger/core';
import type { KnownFacts, Obligation, Outcome, RequestedFacts, Verdict } from '@lexecon/policy/core';

/** Fields of the leaf that anybody may read. */
export interface PublicFields {
  readonly action: string;
  /** `id` only of registered agents and services. */
  readonly actor: { readonly type: string; readonly id?: string };
  /** Names only. */
  readonly obligations: readonly string[];
  readonly outcome: Outcome;
  readonly policySet: string;
  /** Name of the agent or service that asked. */
  readonly principal: string;
  readonly resourceType: string;
  readonly rules: readonly RuleView[];
  readonly review?: string;
}

export interface RuleView {
  readonly policy: string;
  readonly version: number;
  readonly rule: string;
  readonly effect: string;
}

/** What is sealed: everything else that the decision was made from and said. */
export interface SealedFields {
  readonly request: RequestedFacts;
  readonly known: KnownFacts;
  readonly answer: {
    readonly reason: string;
    readonly obligations: readonly Obligation[];
    readonly unknown: readonly { readonly policy: string; readonly rule: string; readonly because?: string }[];
    readonly review?: { readonly expiresAt: string };
  };
}

/** Everything about one decision, before it is sealed. */
export interface DecisionRecord {
  /** UUIDv7, 16 bytes. */
  readonly id: Buffer;
  readonly decidedAt: Date;
  readonly principal: { readonly id: string; readonly name: string };
  readonly request: RequestedFacts;
  readonly known: KnownFacts;
  readonly verdict: Verdict;
  readonly policySet: string;
  readonly review?: { readonly id: string; readonly expiresAt: Date };
  /** Keys of the persons concerned, in the order of `subjectsOf`. */
  readonly keys: readonly SubjectKey[];
  readonly index: SearchIndex;
  /** The caller's idempotency key and body, hashed under a server key. */
  readonly once?: { readonly key: Buffer; readonly body: Buffer };
}

/** What a decision can be found by without its ledger entry being opened. */
export interface SearchIndex {
  /** A registered agent or service. */
  readonly actor: string | null;
  /** Anybody else, blinded. */
  readonly actorBlind: Buffer | null;
  readonly behalfBlind: Buffer | null;
}

/** Sealed under this when no person is concerned. */
const DEPLOYMENT = 'deployment:';

/** Whose keys seal a request: first the person it is made for or who acts, then a different person whom the resource is about. */
export function subjectsOf({ actor }: RequestedFacts, resourceSubject: string | undefined): readonly string[] {
  const person = actor.onBehalfOf ?? (actor.type === 'user' ? actor : undefined);
  const first = person ? `${person.type}:${person.id}` : (resourceSubject ?? DEPLOYMENT);
  return resourceSubject === undefined || resourceSubject === first ? [first] : [first, resourceSubject];
}

/** Whether the actor's id may stand in the open. */
export const isPublicActor = ({ actor }: RequestedFacts, known: KnownFacts): boolean =>
  known.actor !== undefined && actor.type !== 'user';

export function publicFields(record: DecisionRecord): PublicFields {
  const { request, known, verdict, review } = record;
  return {
    action: request.action.name,
    actor: isPublicActor(request, known)
      ? { type: request.actor.type, id: request.actor.id }
      : { type: request.actor.type },
    obligations: verdict.obligations.map((obligation) => obligation.name),
    outcome: verdict.outcome,
    policySet: record.policySet,
    principal: record.principal.name,
    resourceType: request.resource.type,
    rules: verdict.rules.map(({ policy, version, rule, effect }) => ({ policy, version, rule, effect })),
    ...(review && { review: review.id }),
  };
}

export function sealedFields({ request, known, verdict, review }: DecisionRecord): SealedFields {
  return {
    request,
    known,
    answer: {
      reason: verdict.reason,
      obligations: verdict.obligations,
      unknown: verdict.trace
        .filter((entry) => entry.match === 'unknown')
        .map(({ policy, rule, because }) => ({ policy, rule, ...(because !== undefined && { because }) })),
      ...(review && { review: { expiresAt: review.expiresAt.toISOString() } }),
    },
  };
}

/** The canonical record. A second person's facts (the resource's) are sealed apart, so that erasing one leaves the other. */
export function entryOf(record: DecisionRecord): Entry {
  return {
    entryId: record.id,
    timeMs: record.decidedAt.getTime(),
    class: record.verdict.risk === 'high' ? 'decision-high-risk' : 'decision',
    public: asJson(publicFields(record)),
    sealed: groupsOf(record.keys, sealedFields(record)),
  };
}

function groupsOf([first, second]: readonly SubjectKey[], fields: SealedFields): readonly SealedGroup[] {
  if (!first) throw new Error(`a decision is sealed under at least one key`);
  if (!second) return [{ key: first, fields: asJson(fields) }];
  const { resource, ...request } = fields.request;
  return [
    { key: first, fields: asJson({ ...fields, request }) },
    { key: second, fields: asJson({ resource }) },
  ];
}

/** Joins what `entryOf` took apart. */
export function joinGroups(groups: readonly SealedGroup['fields'][]): SealedFields {
  const [first, second] = groups as readonly [SealedFields, { readonly resource: RequestedFacts['resource'] }?];
  return second ? { ...first, request: { ...first.request, resource: second.resource } } : first;
}

/** The shapes above are plain JSON: no member of them is ever undefined. */
const asJson = (value: object): Readonly<Record<string, Json>> => value as Readonly<Record<string, Json>>;

export const idOf = (record: DecisionRecord): string => uuidOf(record.id);
