import type { EntityManager } from 'typeorm';
import type { ChallengePurpose, Passkey, PasskeySummary } from './passkey.js';
import type { NewPasskey } from './webauthn.js';

const PASSKEY = `p.id, p.account_id AS "accountId", p.credential_id AS "credentialId", p.public_key AS "publicKey",
  p.counter::float8 AS counter, p.transports`;
const SUMMARY = `p.id, p.label, p.backed_up AS "backedUp", p.created_at AS "createdAt", p.used_at AS "usedAt"`;

export async function passkeysOf(db: EntityManager, accountId: string): Promise<readonly Passkey[]> {
  return db.query<Passkey[]>(`SELECT ${PASSKEY} FROM identity.passkey p WHERE p.account_id = $1 ORDER BY p.id`, [
    accountId,
  ]);
}

export async function summariesOf(db: EntityManager, accountId: string): Promise<readonly PasskeySummary[]> {
  return db.query<PasskeySummary[]>(`SELECT ${SUMMARY} FROM identity.passkey p WHERE p.account_id = $1 ORDER BY p.id`, [
    accountId,
  ]);
}

export async function passkeyOfCredential(db: EntityManager, credentialId: Buffer): Promise<Passkey | undefined> {
  const [row] = await db.query<Passkey[]>(`SELECT ${PASSKEY} FROM identity.passkey p WHERE p.credential_id = $1`, [
    credentialId,
  ]);
  return row;
}

/** Undefined when the credential is registered, to whomever. */
export async function insertPasskey(
  tx: EntityManager,
  given: NewPasskey & { readonly id: string; readonly accountId: string; readonly label: string },
): Promise<PasskeySummary | undefined> {
  const [row] = await tx.query<PasskeySummary[]>(
    `INSERT INTO identity.passkey AS p (id, account_id, credential_id, public_key, counter, transports, label, backed_up)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT ON CONSTRAINT passkey_credential_once DO NOTHING
     RETURNING ${SUMMARY}`,
    [
      given.id,
      given.accountId,
      given.credentialId,
      given.publicKey,
      given.counter,
      given.transports,
      given.label,
      given.backedUp,
    ],
  );
  return row;
}

/** Notes a signature. False when the passkey is gone, or its counter has come as far meanwhile: then it is a copy that signed. */
export async function usePasskey(tx: EntityManager, id: string, counter: number, backedUp: boolean): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `WITH used AS (
       UPDATE identity.passkey SET counter = $2, used_at = now(), backed_up = $3
       WHERE id = $1 AND (counter < $2 OR (counter = 0 AND $2 = 0)) RETURNING id)
     SELECT id FROM used`,
    [id, counter, backedUp],
  );
  return rows.length > 0;
}

/** False when the account has no such passkey. */
export async function deletePasskey(tx: EntityManager, accountId: string, id: string): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `WITH gone AS (DELETE FROM identity.passkey WHERE account_id = $1 AND id = $2 RETURNING id) SELECT id FROM gone`,
    [accountId, id],
  );
  return rows.length > 0;
}

/** `accountId` null: whoever signs in with a passkey alone. */
export async function insertChallenge(
  db: EntityManager,
  hash: Buffer,
  purpose: ChallengePurpose,
  accountId: string | null,
  minutes: number,
): Promise<void> {
  await db.query(
    `INSERT INTO identity.passkey_challenge (hash, purpose, account_id, expires_at)
     VALUES ($1, $2, $3, now() + make_interval(mins => $4))`,
    [hash, purpose, accountId, minutes],
  );
}

/** Uses a challenge up, for whatever comes of it. False when it was given for something or somebody else, is old, or was used. */
export async function useChallenge(
  db: EntityManager,
  hash: Buffer,
  purpose: ChallengePurpose,
  accountId: string | null,
): Promise<boolean> {
  const rows = await db.query<unknown[]>(
    `WITH used AS (
       UPDATE identity.passkey_challenge SET used_at = now()
       WHERE hash = $1 AND purpose = $2 AND account_id IS NOT DISTINCT FROM $3::uuid AND used_at IS NULL AND expires_at > now()
       RETURNING hash)
     SELECT hash FROM used`,
    [hash, purpose, accountId],
  );
  return rows.length > 0;
}
