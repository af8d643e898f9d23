import type { EntityManager } from 'typeorm';
import type { Json } from '@lexecon/crypto';
import { type GrantSource, longestEnd } from './grant.js';
import { endGrant, grantsOf, insertGrant } from './grant.queries.js';

export interface DirectoryRoles {
  readonly accountId: string;
  readonly source: Extract<GrantSource, 'sso' | 'scim'>;
  /** Every role the directory gives by now, with the reason. */
  readonly wanted: ReadonlyMap<string, string>;
  /** Longest term of a grant (GRANT_MAX_DAYS). */
  readonly days: number;
}

/** What has to change so that the account has the roles its groups give, and no others from this source. */
export interface RolePlan extends DirectoryRoles {
  readonly granted: readonly string[];
  /** Grants that end because no group gives them any more, and those that make way for a new term. */
  readonly endingIds: readonly string[];
  readonly renewedIds: readonly string[];
  readonly ended: readonly string[];
  /** Not given, because there are two administrators. */
  readonly refused: readonly string[];
}

/** The roles that a mapping gives to these groups, with the reason; the first group that gives a role counts. */
export const rolesOfGroups = (
  mapping: Readonly<Record<string, readonly string[]>>,
  groups: readonly string[],
  reasonOf: (group: string) => string,
): ReadonlyMap<string, string> =>
  new Map(
    groups
      .filter((group) => Object.hasOwn(mapping, group))
      .flatMap((group) => (mapping[group] ?? []).map((role): [string, string] => [role, reasonOf(group)]))
      .toReversed(),
  );

/** A grant that would end within half its term is granted anew. */
export async function planRoles(db: EntityManager, roles: DirectoryRoles): Promise<RolePlan> {
  const { accountId, source, wanted, days } = roles;
  const half = longestEnd(Date.now(), days / 2);
  const active = (await grantsOf(db, accountId)).filter((grant) => grant.active);
  const held = active.filter((grant) => grant.source === source);
  const ending = held.filter(({ role }) => !wanted.has(role));
  const renewed = held.filter(({ role, endsAt }) => wanted.has(role) && endsAt < half);
  const missing = [...wanted.keys()].filter((role) => !held.some((grant) => grant.role === role));
  const isAdministrator = active.some(({ role }) => role === 'admin');
  const full = missing.includes('admin') && !isAdministrator && (await administrators(db)) >= 2;
  return {
    ...roles,
    granted: missing.filter((role) => role !== 'admin' || !full),
    refused: full ? ['admin'] : [],
    endingIds: ending.map(({ id }) => id),
    ended: ending.map(({ role }) => role),
    renewedIds: renewed.map(({ id }) => id),
  };
}

export const changesNothing = ({ granted, ended, refused }: RolePlan): boolean =>
  granted.length + ended.length + refused.length === 0;

/** What a record says of it. */
export const factsOfPlan = ({ source, granted, ended, refused }: RolePlan): Readonly<Record<string, Json>> => ({
  source,
  granted: [...granted],
  ended: [...ended],
  ...(refused.length > 0 && { refused: [...refused], warning: 'there are two administrators' }),
});

/** What somebody else did meanwhile stays as it is. Rejects with ProblemError 409 when somebody else became the second administrator. */
export async function followPlan(tx: EntityManager, plan: RolePlan): Promise<void> {
  const { accountId, source, wanted, days, renewedIds, endingIds } = plan;
  for (const id of endingIds) await endGrant(tx, id, null, 'no group gives it any more');
  const renewed: string[] = [];
  for (const id of renewedIds) {
    const ended = await endGrant(tx, id, null, 'given a new term, because a group still gives it');
    if (ended) renewed.push(ended.role);
  }
  const endsAt = longestEnd(Date.now(), days);
  for (const role of [...plan.granted, ...renewed]) {
    const justification = wanted.get(role) ?? 'a group gives it';
    await insertGrant(tx, { accountId, role, justification, ticket: source, source, grantedBy: null, endsAt });
  }
}

/** As the database counts them when it refuses a third. */
async function administrators(db: EntityManager): Promise<number> {
  const [row] = await db.query<{ count: number }[]>(
    `SELECT count(DISTINCT a.id)::int AS count FROM identity.role_grant g JOIN identity.account a ON a.id = g.account_id
     WHERE g.role = 'admin' AND g.ended_at IS NULL AND g.ends_at > now()
       AND a.status IN ('invited', 'active') AND NOT a.break_glass`,
  );
  return row?.count ?? 0;
}
