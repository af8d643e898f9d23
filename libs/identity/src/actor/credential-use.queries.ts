import type { EntityManager } from 'typeorm';

export interface Seen {
  readonly credential: string;
  readonly network: string;
}

/** Of these, the ones that are not known yet. */
export async function unseen(db: EntityManager, given: readonly Seen[]): Promise<readonly Seen[]> {
  return db.query<Seen[]>(
    `SELECT DISTINCT u.credential, u.network FROM unnest($1::text[], $2::text[]) u(credential, network)
     WHERE NOT EXISTS (SELECT 1 FROM identity.credential_network n WHERE n.credential = u.credential AND n.network = u.network)
     ORDER BY 1, 2`,
    [given.map(({ credential }) => credential), given.map(({ network }) => network)],
  );
}

/** False when another replica was faster. `first`: the credential was never used before, from anywhere. */
export async function insertSeen(
  tx: EntityManager,
  { credential, network }: Seen,
): Promise<{ first: boolean } | false> {
  const [row] = await tx.query<{ first: boolean }[]>(
    `INSERT INTO identity.credential_network (credential, network) VALUES ($1, $2) ON CONFLICT DO NOTHING
     RETURNING NOT EXISTS (SELECT 1 FROM identity.credential_network WHERE credential = $1) AS first`,
    [credential, network],
  );
  return row ?? false;
}

/** `uses`: credential to Unix milliseconds. Kept by the minute, and never moved back, whoever writes. */
export async function storeUses(db: EntityManager, uses: ReadonlyMap<string, number>): Promise<void> {
  await db.query(
    `INSERT INTO identity.credential_use (credential, used_at)
     SELECT c, date_trunc('minute', to_timestamp(t)) FROM unnest($1::text[], $2::float8[]) u(c, t) ORDER BY c
     ON CONFLICT (credential) DO UPDATE SET used_at = greatest(credential_use.used_at, excluded.used_at)
     WHERE credential_use.used_at < excluded.used_at`,
    [[...uses.keys()], [...uses.values()].map((ms) => ms / 1_000)],
  );
}
