import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v4 as uuid4 } from 'uuid';
import { type Permission, permissionsOf, type Principal } from '@lexecon/auth';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { activeRoles } from '../person/grant.queries.js';
import { notAccepted, unavailable } from '../refusal.js';
import type { Transport } from '../session/session.credentials.js';
import {
  endSession,
  endSessionsOf,
  insertSession,
  type Method,
  rotateSession,
  type SessionRow,
  sessionsOf,
} from '../session/session.queries.js';
import { freshToken, hashOfToken } from '../token.js';

const SETUP_MINUTES = 15;

export interface OpenedSession {
  /** How it is carried: the token goes into the body or into a cookie, never both. */
  readonly session: Transport;
  readonly token: string;
  readonly expiresAt: Date;
}

/** How a session came about. */
export interface Opening {
  readonly transport?: Transport;
  readonly method?: Method;
  /** `networkOf` the caller's address. */
  readonly network?: string;
  /** Whether a second factor was proven to us just now. */
  readonly proven?: boolean;
}

interface Row {
  readonly id: string;
  readonly session: string;
  readonly roles: readonly string[];
  readonly kind: 'full' | 'setup';
  readonly fresh: boolean;
}

/** The sessions of people: opaque tokens, kept hashed, with an idle and an absolute end. Each request asks the database, so that what
 *  has ended counts nowhere any more. */
@Injectable()
export class SessionService {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(SETTINGS)
    private readonly settings: Pick<
      IdentitySettings,
      'SESSION_IDLE_MINUTES' | 'SESSION_MAX_HOURS' | 'FRESH_PROOF_MINUTES'
    >,
  ) {}

  /** A `setup` session lasts 15 minutes and may only invite people. Throws ProblemError 401 when the account is not active by now. */
  async open(
    tx: EntityManager,
    accountId: string,
    kind: Row['kind'],
    { transport = 'bearer', method = 'totp', network = 'unknown', proven = true }: Opening = {},
  ): Promise<OpenedSession> {
    const token = freshToken('lxs');
    const minutes = kind === 'setup' ? SETUP_MINUTES : this.settings.SESSION_MAX_HOURS * 60;
    const hash = hashOfToken(token);
    const given = { id: uuid4(), hash, accountId, kind, minutes, transport, method, network, proven };
    const expiresAt = await insertSession(tx, given);
    if (!expiresAt) throw notAccepted('The account is not active.');
    return { session: transport, token, expiresAt };
  }

  /** Another token for the session, which counts as proven now; the old one stops to count with the transaction. Null when it did not
   *  count any more. */
  async rotate(tx: EntityManager, token: string): Promise<OpenedSession | null> {
    const next = freshToken('lxs');
    const row = await rotateSession(tx, hashOfToken(token), hashOfToken(next));
    return row ? { session: row.transport, token: next, expiresAt: row.expiresAt } : null;
  }

  /** Null: unknown, ended or revoked, carried another way than it was opened for, or the account is not active. Rejects with
   *  ProblemError 503 when the database does not answer. */
  async principalOf(token: string, transport: Transport = 'bearer'): Promise<Principal | null> {
    const row = await this.#rowOf(hashOfToken(token), transport);
    return row ? principalOf(row) : null;
  }

  /** The sessions of an account that have not ended, last used first, 100 at most. */
  list(accountId: string): Promise<readonly SessionRow[]> {
    return sessionsOf(this.dataSource.manager, accountId, this.settings.SESSION_IDLE_MINUTES);
  }

  /** Ends a session. False when it had ended before. */
  close(tx: EntityManager, token: string): Promise<boolean> {
    return endSession(tx, hashOfToken(token));
  }

  /** Ends every session of the account, but `except` (the id of one). Answers how many there were. */
  closeAll(tx: EntityManager, accountId: string, except: string | null = null): Promise<number> {
    return endSessionsOf(tx, accountId, except);
  }

  async #rowOf(hash: Buffer, transport: Transport): Promise<Row | undefined> {
    const { SESSION_IDLE_MINUTES, FRESH_PROOF_MINUTES } = this.settings;
    try {
      const [row] = await this.dataSource.query<Row[]>(LIVE, [
        hash,
        SESSION_IDLE_MINUTES,
        FRESH_PROOF_MINUTES,
        transport,
      ]);
      return row;
    } catch {
      throw unavailable('Who is calling cannot be found out at this moment');
    }
  }
}

/** Reads a session that counts; that it was used is noted once a minute. The setup token was as good as a second factor, and a
 *  session it opened lasts for minutes. */
const LIVE = `
WITH live AS (
  SELECT s.hash, s.seen_at, s.kind, s.id AS session, a.id, ${activeRoles('a.id')} AS roles,
    s.kind = 'setup' OR s.proven_at > now() - make_interval(mins => $3) AS fresh
  FROM identity.session s JOIN identity.account a ON a.id = s.account_id
  WHERE s.hash = $1 AND s.transport = $4 AND s.revoked_at IS NULL AND s.expires_at > now()
    AND s.seen_at > now() - make_interval(mins => $2) AND a.status = 'active'
), seen AS (
  UPDATE identity.session s SET seen_at = now() FROM live
  WHERE s.hash = live.hash AND live.seen_at < now() - interval '1 minute'
)
SELECT id, session, roles, kind, fresh FROM live`;

const setupPermissions: ReadonlySet<Permission> = new Set(['user:invite']);

const principalOf = ({ id, session, roles, kind, fresh }: Row): Principal => ({
  kind: 'person',
  id,
  name: id,
  roles,
  fresh,
  session,
  permissions: kind === 'setup' ? setupPermissions : permissionsOf(roles),
});
