import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { notFound, type Principal, unprocessable } from '@lexecon/auth';
import { type Active, ActivePolicies } from './active-policies.js';
import {
  hashOf,
  type PolicyDocument,
  parsePolicy,
  type PolicyProblem,
  type PolicySet,
  setHashOf,
} from './core/index.js';
import {
  activateVersion,
  activeNames,
  approveVersion,
  insertVersion,
  lockChanges,
  rememberSet,
  retireVersion,
  summariesAfter,
  versionsOf,
  versionWithHash,
  wholeVersion,
} from './policy.queries.js';
import { PolicyLog } from './policy-log.js';
import type { PolicySummary, Version, VersionState, WholeVersion } from './policy.version.js';
import { conflict, ownWork } from './refusal.js';

const PAGE = 50;
const LAST = 2 ** 31 - 1;

/** Policies and their versions. Every change is one transaction: the row, the epoch that tells all replicas, the ledger entry. */
@Injectable()
export class PolicyService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: PolicyLog,
    private readonly policies: ActivePolicies,
  ) {}

  /** The policies to decide by, from memory. Throws ProblemError 503 when they are more than two seconds old. */
  active(): Active {
    return this.policies.active();
  }

  /** Names the set in force; null while it is not known. Never throws. */
  activeHash(): string | null {
    return this.policies.activeHash();
  }

  /** Resolves once everything that was activated before the call counts here. */
  refresh(): Promise<void> {
    return this.policies.refresh();
  }

  /** The set that a record names, when it was ever active here, else null. */
  setOf(hash: string): Promise<PolicySet | null> {
    return this.policies.setOf(hash);
  }

  /** By name, those after `after`. */
  list(after = '', limit = PAGE): Promise<readonly PolicySummary[]> {
    return summariesAfter(this.dataSource.manager, after, limit);
  }

  /** Newest first, those before `before`. */
  versions(name: string, before = LAST, limit = PAGE): Promise<readonly Version[]> {
    return versionsOf(this.dataSource.manager, name, before, limit);
  }

  /** Throws ProblemError 404. */
  async version(name: string, version: number): Promise<WholeVersion> {
    const found = version <= LAST ? await wholeVersion(this.dataSource.manager, name, version) : undefined;
    if (!found) throw notFound('version of a policy');
    return found;
  }

  /** Saves a text, YAML or JSON, as the next version of the policy it names, a draft. Throws ProblemError 422 with everything that is
   *  wrong with it, 409 when a version says the same. */
  async create(by: Principal, source: string): Promise<WholeVersion> {
    const parsed = parsePolicy(source);
    if (!parsed.ok) throw unprocessable(parsed.problems.map(fieldProblem));
    const { document } = parsed;
    const hash = hashOf(document);
    const record = await this.log.seal({ event: 'policy-written', by, public: { policy: document.name, hash } });
    const saved = await this.dataSource.transaction(async (tx) => {
      await lockChanges(tx);
      const version = await insertVersion(tx, { document, hash, source, author: by.id });
      if (!version) throw await saysTheSame(tx, document, hash);
      await this.log.append(tx, { ...record, facts: { ...record.facts, version: version.version } });
      return version;
    });
    return { ...saved, source, document };
  }

  /** Throws ProblemError 404, 403 for the version's own author, 409 when it is no draft. */
  async approve(by: Principal, name: string, version: number): Promise<WholeVersion> {
    const { hash, author } = await this.version(name, version);
    if (author === by.id) throw ownWork();
    const record = await this.log.seal({ event: 'policy-approved', by, public: { policy: name, version, hash } });
    await this.dataSource.transaction(async (tx) => {
      await requireState(tx, name, version, ['draft'], 'approved');
      await approveVersion(tx, name, version, by.id);
      await this.log.append(tx, record);
    });
    return this.version(name, version);
  }

  /** Makes the version active on every replica within two seconds, in place of the active version of its name. An older version that
   *  was approved may be activated again. Throws ProblemError 404, or 409 when it was never approved or is active. */
  async activate(by: Principal, name: string, version: number): Promise<WholeVersion> {
    const { hash, approver } = await this.version(name, version);
    if (!approver) throw conflict('policy-state', 'A version must be approved before it is activated.');
    await this.changeSet(by, 'policy-activated', { policy: name, version, hash }, async (tx) => {
      await requireState(tx, name, version, ['approved', 'retired'], 'activated');
      await activateVersion(tx, name, version);
    });
    return this.version(name, version);
  }

  /** Takes an active version out of force on every replica within two seconds, or gives up one that is not active yet. Throws
   *  ProblemError 404, or 409 when it is retired. */
  async retire(by: Principal, name: string, version: number): Promise<WholeVersion> {
    const { hash } = await this.version(name, version);
    await this.changeSet(by, 'policy-retired', { policy: name, version, hash }, async (tx) => {
      await requireState(tx, name, version, ['draft', 'approved', 'active'], 'retired');
      await retireVersion(tx, name, version);
    });
    return this.version(name, version);
  }

  private async changeSet(
    by: Principal,
    event: 'policy-activated' | 'policy-retired',
    facts: { readonly policy: string; readonly version: number; readonly hash: string },
    change: (tx: EntityManager) => Promise<void>,
  ): Promise<void> {
    const record = await this.log.seal({ event, by, public: facts });
    await this.dataSource.transaction(async (tx) => {
      await lockChanges(tx);
      await change(tx);
      const members = await activeNames(tx);
      const policySet = setHashOf(members.map(({ hash }) => hash));
      await rememberSet(tx, policySet, members);
      await this.log.advanceEpoch(tx);
      await this.log.append(tx, { ...record, facts: { ...record.facts, policySet } });
    });
    await this.policies.catchUp();
  }
}

async function requireState(
  tx: EntityManager,
  name: string,
  version: number,
  allowed: readonly VersionState[],
  to: string,
): Promise<void> {
  await lockChanges(tx);
  const found = await wholeVersion(tx, name, version);
  if (!found) throw notFound('version of a policy');
  if (!allowed.includes(found.state)) {
    throw conflict('policy-state', `The version is ${found.state} and cannot be ${to}.`);
  }
}

async function saysTheSame(tx: EntityManager, { name }: PolicyDocument, hash: string): Promise<Error> {
  const same = await versionWithHash(tx, name, hash);
  return conflict('policy-exists', `Version ${String(same?.version)} of ${name} says the same.`);
}

/** A problem of the text as a problem of the body that carries it. */
const fieldProblem = ({ pointer, line, column, detail }: PolicyProblem): { pointer: string; detail: string } => ({
  pointer: '/source',
  detail: `${line === undefined ? '' : `line ${String(line)}, column ${String(column)}: `}${pointer || 'the document'}: ${detail}`,
});
