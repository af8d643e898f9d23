import type { RuleRef } from './compile.js';
import type { Mode, Obligation, Risk } from './document.js';

export type Outcome = 'permit' | 'deny' | 'escalate';

export interface Verdict {
  readonly outcome: Outcome;
  readonly reason: string;
  /** The rules that decided, by policy name, then rule id; none when the mode or the lack of policies decided. */
  readonly rules: readonly RuleRef[];
  /** Of the permits that matched; none with a deny. */
  readonly obligations: readonly Obligation[];
  /** With an escalation. */
  readonly review?: ReviewAsked;
  /** Strictest among the matching policies, or among the active ones when none matches. */
  readonly risk: Risk;
  /** The mode that held. */
  readonly mode: Mode;
  /** With a permit. */
  readonly token?: { readonly redeemRequired: boolean; readonly seconds: number };
  /** Every rule whose actor, action and resource match or are unknown, by policy name, then rule id. */
  readonly trace: readonly TraceEntry[];
}

export interface ReviewAsked {
  /** Each of them must be among those who approve. */
  readonly roles: readonly string[];
  readonly quorum: number;
  readonly withinSeconds: number;
  readonly onExpiry: 'deny' | 'permit';
}

export interface TraceEntry extends RuleRef {
  /** `unknown` counts as a match for forbids and escalations, and as none for permits. */
  readonly match: 'yes' | 'no' | 'unknown';
  /** Why the match is unknown. */
  readonly because?: string;
}
