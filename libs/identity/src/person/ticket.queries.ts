import type { EntityManager } from 'typeorm';
import type { Transport } from '../session/session.credentials.js';
import type { Account } from './account.js';
import { ACCOUNT } from './account.queries.js';

export type TicketPurpose = 'invitation' | 'second-factor' | 'enrolment' | 'factor-reset' | 'password-reset';

export async function insertTicket(
  tx: EntityManager,
  hash: Buffer,
  purpose: TicketPurpose,
  accountId: string,
  minutes: number,
  transport: Transport = 'bearer',
): Promise<Date> {
  const [row] = await tx.query<{ expiresAt: Date }[]>(
    `INSERT INTO identity.ticket (hash, purpose, account_id, expires_at, transport)
     VALUES ($1, $2, $3, now() + make_interval(mins => $4), $5) RETURNING expires_at AS "expiresAt"`,
    [hash, purpose, accountId, minutes, transport],
  );
  if (!row) throw new Error('the ticket was not stored');
  return row.expiresAt;
}

/** Whose a ticket is, and how the session that comes of it will be carried. */
export type Holder = Account & { readonly transport: Transport };

/** Counts one try of a ticket that still counts for something, and answers whose it is. */
export async function tryTicket(
  db: EntityManager,
  hash: Buffer,
  purpose: TicketPurpose,
  mostTries: number,
): Promise<Holder | undefined> {
  const [row] = await db.query<Holder[]>(
    `WITH tried AS (
       UPDATE identity.ticket SET attempts = attempts + 1
       WHERE hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > now() AND attempts < $3 RETURNING account_id, transport)
     SELECT ${ACCOUNT}, tried.transport FROM tried JOIN identity.account a ON a.id = tried.account_id`,
    [hash, purpose, mostTries],
  );
  return row;
}

/** Whether the ticket still counts. Nobody voids it until the transaction ends when the account is locked. */
export async function isUnused(tx: EntityManager, hash: Buffer): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    'SELECT 1 FROM identity.ticket WHERE hash = $1 AND used_at IS NULL AND expires_at > now()',
    [hash],
  );
  return rows.length > 0;
}

/** False when somebody else was first. */
export async function useTicket(tx: EntityManager, hash: Buffer): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `WITH used AS (
       UPDATE identity.ticket SET used_at = now() WHERE hash = $1 AND used_at IS NULL AND expires_at > now() RETURNING hash)
     SELECT hash FROM used`,
    [hash],
  );
  return rows.length > 0;
}
