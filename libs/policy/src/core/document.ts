import { canonicalJson, type Json, sha256 } from '@lexecon/crypto';

export type Mode = 'strict' | 'permissive' | 'paranoid';
export type Risk = 'standard' | 'high';
export type Effect = 'permit' | 'forbid' | 'escalate';

/** A policy as its author wrote it, defaults filled in and durations in seconds. Absent selectors match everything. */
export type PolicyDocument = {
  readonly apiVersion: 'lexecon.dev/v1';
  readonly kind: 'Policy';
  readonly name: string;
  readonly mode: Mode;
  readonly risk: Risk;
  readonly description?: string;
  readonly rules: readonly Rule[];
};

export type Rule = {
  readonly id: string;
  readonly effect: Effect;
  readonly actors?: ActorSelector;
  /** Globs over the action's name; one of them must match. */
  readonly actions?: readonly string[];
  readonly resources?: ResourceSelector;
  readonly dataClasses?: DataClassSelector;
  /** A CEL expression of type bool. */
  readonly when?: string;
  /** On a permit or an escalate. */
  readonly obligations?: readonly Obligation[];
  /** On an escalate, always filled in. */
  readonly review?: ReviewTerms;
  readonly reason?: string;
  /** On a permit, always filled in. */
  readonly token?: TokenTerms;
};

/** Every member that is given must match; within a member one entry is enough. All are globs. */
export type ActorSelector = {
  readonly roles?: readonly string[];
  readonly types?: readonly string[];
  readonly ids?: readonly string[];
  /** On a permit: also actors that are not registered. Forbids and escalations always match those. */
  readonly unregistered: boolean;
};

export type ResourceSelector = {
  readonly types?: readonly string[];
  readonly ids?: readonly string[];
};

/** Names of data classes, no globs; every member that is given must hold. */
export type DataClassSelector = {
  readonly anyOf?: readonly string[];
  readonly allOf?: readonly string[];
  readonly noneOf?: readonly string[];
};

export type Obligation = {
  readonly name: string;
  readonly parameters: { readonly [key: string]: Json };
};

export type ReviewTerms = {
  readonly role: string;
  readonly quorum: number;
  /** Seconds until the review expires. */
  readonly within: number;
  readonly onExpiry: 'deny' | 'permit';
};

export type TokenTerms = {
  readonly redeem: 'required' | 'optional';
  /** Seconds the capability token lives. */
  readonly lifetime: number;
};

export const DEFAULT_REVIEW: ReviewTerms = { role: 'reviewer', quorum: 1, within: 86_400, onExpiry: 'deny' };
export const DEFAULT_TOKEN: TokenTerms = { redeem: 'optional', lifetime: 60 };

/** `sha256:<hex>` over the canonical JSON of the document: equal meaning in YAML or JSON gives one hash. */
export function hashOf(document: PolicyDocument): string {
  return `sha256:${sha256(canonicalJson(document)).toString('hex')}`;
}
