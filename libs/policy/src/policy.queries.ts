import type { EntityManager } from 'typeorm';
import type { PolicyVersion } from './core/index.js';
import type { PolicySummary, Version, WholeVersion } from './policy.version.js';

/** Advisory lock that changes of policies queue on: they are rare, and each depends on the one before. */
const CHANGE_LOCK = 7105;

const COLUMNS = `name, version, hash, state, author_id AS author, approver_id AS approver, created_at AS "createdAt",
  approved_at AS "approvedAt", activated_at AS "activatedAt", retired_at AS "retiredAt"`;

export async function lockChanges(tx: EntityManager): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [CHANGE_LOCK]);
}

/** Undefined when the policy has a version that says the same. Needs `lockChanges`. */
export async function insertVersion(
  tx: EntityManager,
  { document, hash, source, author }: Pick<WholeVersion, 'document' | 'hash' | 'source' | 'author'>,
): Promise<Version | undefined> {
  const [row] = await tx.query<Version[]>(
    `INSERT INTO policy.version (name, version, hash, source, document, author_id)
     SELECT $1, 1 + coalesce((SELECT max(version) FROM policy.version WHERE name = $1), 0), $2, $3, $4, $5
     ON CONFLICT ON CONSTRAINT version_once DO NOTHING RETURNING ${COLUMNS}`,
    [document.name, hash, source, JSON.stringify(document), author],
  );
  return row;
}

export async function versionWithHash(tx: EntityManager, name: string, hash: string): Promise<Version | undefined> {
  const [row] = await tx.query<Version[]>(`SELECT ${COLUMNS} FROM policy.version WHERE name = $1 AND hash = $2`, [
    name,
    hash,
  ]);
  return row;
}

export async function wholeVersion(
  tx: EntityManager,
  name: string,
  version: number,
): Promise<WholeVersion | undefined> {
  const [row] = await tx.query<WholeVersion[]>(
    `SELECT ${COLUMNS}, source, document FROM policy.version WHERE name = $1 AND version = $2`,
    [name, version],
  );
  return row;
}

/** Newest first. */
export function versionsOf(tx: EntityManager, name: string, before: number, limit: number): Promise<Version[]> {
  return tx.query<Version[]>(
    `SELECT ${COLUMNS} FROM policy.version WHERE name = $1 AND version < $2 ORDER BY version DESC LIMIT $3`,
    [name, before, limit],
  );
}

/** By name. */
export function summariesAfter(tx: EntityManager, name: string, limit: number): Promise<PolicySummary[]> {
  return tx.query<PolicySummary[]>(
    `SELECT name, latest, active, document->>'mode' AS mode, document->>'risk' AS risk, document->>'description' AS description
     FROM (SELECT name, max(version) AS latest, max(version) FILTER (WHERE state = 'active') AS active
           FROM policy.version WHERE name > $1 GROUP BY name ORDER BY name LIMIT $2) policy
     JOIN LATERAL (SELECT document FROM policy.version v
                   WHERE v.name = policy.name AND v.version = coalesce(active, latest)) shown ON true
     ORDER BY name`,
    [name, limit],
  );
}

export async function approveVersion(
  tx: EntityManager,
  name: string,
  version: number,
  approver: string,
): Promise<void> {
  await tx.query(
    `UPDATE policy.version SET state = 'approved', approver_id = $3, approved_at = now() WHERE name = $1 AND version = $2`,
    [name, version, approver],
  );
}

/** Makes the version active in place of the one of its name that is. */
export async function activateVersion(tx: EntityManager, name: string, version: number): Promise<void> {
  await tx.query(
    `UPDATE policy.version SET state = 'retired', retired_at = now() WHERE name = $1 AND state = 'active'`,
    [name],
  );
  await tx.query(
    `UPDATE policy.version SET state = 'active', activated_at = now(), retired_at = NULL WHERE name = $1 AND version = $2`,
    [name, version],
  );
}

export async function retireVersion(tx: EntityManager, name: string, version: number): Promise<void> {
  await tx.query(`UPDATE policy.version SET state = 'retired', retired_at = now() WHERE name = $1 AND version = $2`, [
    name,
    version,
  ]);
}

export type VersionName = Omit<PolicyVersion, 'document'> & { readonly name: string };

export function activeNames(tx: EntityManager): Promise<VersionName[]> {
  return tx.query<VersionName[]>(`SELECT name, version, hash FROM policy.version WHERE state = 'active' ORDER BY name`);
}

export function activeVersions(tx: EntityManager): Promise<PolicyVersion[]> {
  return tx.query<PolicyVersion[]>(
    `SELECT version, hash, document FROM policy.version WHERE state = 'active' ORDER BY name`,
  );
}

export async function rememberSet(tx: EntityManager, hash: string, versions: readonly VersionName[]): Promise<void> {
  const members = JSON.stringify(versions.map(({ name, version }) => [name, version]));
  await tx.query('INSERT INTO policy.set (hash, versions) VALUES ($1, $2) ON CONFLICT DO NOTHING', [hash, members]);
}

/** The versions of a set that was active once, or null. */
export async function versionsOfSet(tx: EntityManager, hash: string): Promise<readonly PolicyVersion[] | null> {
  const [set] = await tx.query<{ readonly versions: readonly (readonly [string, number])[] }[]>(
    'SELECT versions FROM policy.set WHERE hash = $1',
    [hash],
  );
  if (!set) return null;
  return tx.query<PolicyVersion[]>(
    `SELECT v.version, v.hash, v.document FROM policy.version v
     JOIN unnest($1::text[], $2::int[]) member(name, version) USING (name, version)`,
    [set.versions.map(([name]) => name), set.versions.map(([, version]) => version)],
  );
}
