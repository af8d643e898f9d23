import type { EntityManager } from 'typeorm';

export const verdicts = ['justified', 'not-justified'] as const;
export type Verdict = (typeof verdicts)[number];

/** One sign-in with the break-glass account, and what was found out about it. */
export interface BreakGlassUse {
  readonly id: string;
  readonly openedAt: Date;
  readonly reviewedAt: Date | null;
  readonly reviewedBy: string | null;
  /** Who broke the glass; null when nobody could say. */
  readonly usedBy: string | null;
  readonly verdict: Verdict | null;
  readonly reason: string | null;
}

export interface UseReview {
  readonly reason: string;
  readonly verdict: Verdict;
  readonly usedBy?: string | undefined;
}

interface OfAccount {
  readonly id: string;
  readonly accountId: string;
}

const USE = `id, opened_at AS "openedAt", reviewed_at AS "reviewedAt", reviewed_by AS "reviewedBy", used_by AS "usedBy",
  verdict, reason`;

/** The account in use, locked until the transaction ends; undefined while none is sealed. */
export async function lockBreakGlass(tx: EntityManager): Promise<string | undefined> {
  const [row] = await tx.query<{ id: string }[]>(
    `SELECT id FROM identity.account WHERE break_glass AND status <> 'deleted' FOR UPDATE`,
  );
  return row?.id;
}

/** False when another one was sealed at the same time. */
export async function insertBreakGlass(
  tx: EntityManager,
  account: { readonly id: string; readonly email: string; readonly password: string; readonly by: string },
): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `INSERT INTO identity.account (id, email, password, roles, justification, granted_by, status, break_glass)
     VALUES ($1, $2, $3, '{}', 'break-glass account', $4, 'active', true)
     ON CONFLICT (break_glass) WHERE break_glass AND status <> 'deleted' DO NOTHING RETURNING id`,
    [account.id, account.email, account.password, account.by],
  );
  return rows.length > 0;
}

export async function isBreakGlass(db: EntityManager, accountId: string): Promise<boolean> {
  const rows = await db.query<unknown[]>('SELECT 1 FROM identity.account WHERE id = $1 AND break_glass', [accountId]);
  return rows.length > 0;
}

/** Newest first, the last thousand. */
export async function latestUses(db: EntityManager): Promise<readonly BreakGlassUse[]> {
  return db.query<BreakGlassUse[]>(
    `SELECT ${USE} FROM identity.break_glass_use ORDER BY opened_at DESC, id LIMIT 1000`,
  );
}

export async function accountOfUse(db: EntityManager, id: string): Promise<string | undefined> {
  const [row] = await db.query<OfAccount[]>(
    `SELECT id, account_id AS "accountId" FROM identity.break_glass_use WHERE id = $1`,
    [id],
  );
  return row?.accountId;
}

/** Undefined when somebody else reviewed it before. */
export async function reviewUse(
  tx: EntityManager,
  id: string,
  by: string,
  { reason, verdict, usedBy }: UseReview,
): Promise<BreakGlassUse | undefined> {
  const [row] = await tx.query<BreakGlassUse[]>(
    `WITH reviewed AS (
       UPDATE identity.break_glass_use SET reviewed_at = now(), reviewed_by = $2, used_by = $3, verdict = $4, reason = $5
       WHERE id = $1 AND reviewed_at IS NULL RETURNING *)
     SELECT ${USE} FROM reviewed`,
    [id, by, usedBy ?? null, verdict, reason],
  );
  return row;
}

/** Uses that no alarm was raised for yet. */
export async function silentUses(db: EntityManager): Promise<readonly OfAccount[]> {
  return db.query<OfAccount[]>(
    `SELECT id, account_id AS "accountId" FROM identity.break_glass_use WHERE announced_at IS NULL
     ORDER BY opened_at LIMIT 100`,
  );
}

/** False when another replica announced it. */
export async function announceUse(tx: EntityManager, id: string): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `WITH announced AS (
       UPDATE identity.break_glass_use SET announced_at = now() WHERE id = $1 AND announced_at IS NULL RETURNING id)
     SELECT id FROM announced`,
    [id],
  );
  return rows.length > 0;
}
