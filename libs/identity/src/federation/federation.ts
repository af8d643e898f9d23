import type { KeyRole } from '../actor/actor.js';

/** The name that a pinned issuer has for a registered actor, by which its tokens let that actor in. */
export interface Federation {
  readonly id: string;
  readonly issuer: string;
  readonly subject: string;
  readonly role: KeyRole;
  readonly createdAt: Date;
  /** To the minute, and a minute late; null: never. */
  readonly lastUsedAt: Date | null;
}
