import type { Sensitivity } from './core/index.js';

/** What the catalogue knows of a resource, or of all whose id a glob matches. */
export interface Resource {
  /** UUID of the entry. */
  readonly id: string;
  readonly type: string;
  /** An id, or a glob over ids. */
  readonly resource: string;
  readonly dataClasses: readonly string[];
  readonly sensitivity: Sensitivity | null;
  /** Who answers for it. */
  readonly owner: string;
  /** The data subject it is about, as `type:id`. Personal data. */
  readonly subject: string | null;
  readonly createdAt: Date;
}

/** What the server knows of one resource, from every entry that matches it. */
export interface ResourceFacts {
  /** The union over all entries. */
  readonly dataClasses: readonly string[];
  /** The highest of all entries. */
  readonly sensitivity?: Sensitivity;
  /** Of the entry that names the resource most closely. */
  readonly subject?: string;
}
