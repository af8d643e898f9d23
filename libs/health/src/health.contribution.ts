/** Where a contribution counts: `health` shows it at /health, `ready` keeps this instance out of rotation while it is down,
 *  `mfa` decides /health/mfa. */
export type HealthPart = 'health' | 'ready' | 'mfa';

/** `up`: works; `degraded`: works, with something missing; `down`: does not work. */
export type HealthStatus = 'up' | 'degraded' | 'down';

/** What a room says about itself. Any class of this shape counts, from whatever floor: it needs no import from here. */
export interface HealthContribution {
  /** Its name in the answer: `database`. */
  readonly name: string;
  readonly parts: readonly HealthPart[];
  /** Asked at most once a second, whatever the load. Rejecting, or not answering within 500 ms, is `down`. */
  check(): Promise<HealthStatus>;
}

/** What the answer of /health says beside the components. */
export interface HealthFacts {
  readonly version: string;
  /** Hash of the active policy set (`sha256:…`); null while none is active. */
  policySet(): string | null;
}
