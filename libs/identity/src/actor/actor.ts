import type { Json } from '@lexecon/crypto';

export const actorTypes = ['agent', 'service', 'user'] as const;
/** `user`: a person known to the caller's system who never signs in here; the name of one is personal data. */
export type ActorType = (typeof actorTypes)[number];

export const keyRoles = ['agent', 'gateway', 'provisioner'] as const;
export type KeyRole = (typeof keyRoles)[number];

export const riskClasses = ['unclassified', 'minimal', 'limited', 'high'] as const;
/** What harm the agent could do, in the terms of the EU AI Act; `unclassified` until a person has said so, and to be treated as high. */
export type RiskClass = (typeof riskClasses)[number];

export type Attributes = Readonly<Record<string, Json>>;

/** What the server knows about a registered actor. It always wins over what a caller says. */
export interface ActorFacts {
  readonly id: string;
  readonly roles: readonly string[];
  readonly attributes: Attributes;
  readonly disabled: boolean;
}

export interface Actor {
  readonly id: string;
  readonly type: ActorType;
  /** The `actor.id` of requests. */
  readonly name: string;
  readonly owner: string;
  readonly purpose: string;
  readonly roles: readonly string[];
  readonly attributes: Attributes;
  readonly status: 'active' | 'disabled';
  readonly createdAt: Date;
  /** Account of the person who answers for it; null while there is none. */
  readonly ownerId: string | null;
  readonly riskClass: RiskClass;
  /** Day (YYYY-MM-DD) by which a person looks at it again; null for a `user`. */
  readonly reviewBy: string | null;
  readonly reviewedAt: Date | null;
}

/** How records and policies name it. */
export const nameOf = ({
  type,
  name,
}: Pick<Actor, 'type' | 'name'>): { readonly type: string; readonly id: string } => ({
  type,
  id: name,
});

/** A key as it may be shown: never its secret. */
export interface ApiKey {
  readonly id: string;
  readonly role: KeyRole;
  readonly environment: string;
  /** Permissions that it is limited to; null: all of its role. */
  readonly scopes: readonly string[] | null;
  /** Networks (CIDR) that it may be used from; null: from anywhere. */
  readonly networks: readonly string[] | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  /** To the minute, and a minute late; null: never. */
  readonly lastUsedAt: Date | null;
}
