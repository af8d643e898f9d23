import type { Mode, PolicyDocument, Risk } from './core/index.js';

/** draft -> approved (by somebody else) -> active -> retired, and back to active. */
export type VersionState = 'draft' | 'approved' | 'active' | 'retired';

/** One saved text of a policy. What it says never changes. */
export interface Version {
  readonly name: string;
  readonly version: number;
  /** `sha256:<hex>` of the document. */
  readonly hash: string;
  readonly state: VersionState;
  /** UUIDs of accounts. */
  readonly author: string;
  readonly approver: string | null;
  readonly createdAt: Date;
  readonly approvedAt: Date | null;
  readonly activatedAt: Date | null;
  readonly retiredAt: Date | null;
}

export interface WholeVersion extends Version {
  /** As it was saved, YAML or JSON. */
  readonly source: string;
  readonly document: PolicyDocument;
}

/** One policy by its name. */
export interface PolicySummary {
  readonly name: string;
  /** Number of the newest version. */
  readonly latest: number;
  /** Number of the active version. */
  readonly active: number | null;
  /** Of the active version, else of the newest. */
  readonly mode: Mode;
  readonly risk: Risk;
  readonly description: string | null;
}
