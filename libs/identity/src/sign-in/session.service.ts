import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type Permission, permissionsOf, type Principal } from '@lexecon/auth';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { activeRoles } from '../person/grant.queries.js';
import { unavailable } from '../refusal.js';
import { freshToken, hashOfToken } from '../token.js';

/** How long an answer of the database may be repeated, in milliseconds, and for how many sessions. */
const REMEMBER_MS = 1_000;
const MOST = 1_000;
const SETUP_MINUTES = 15;

export interface OpenedSession {
  readonly session: 'bearer';
  readonly token: string;
  readonly expiresAt: Date;
}

interface Row {
  readonly id: string;
  readonly roles: readonly string[];
  readonly kind: 'full' | 'setup';
  readonly fresh: boolean;
}

interface Remembered {
  readonly principal: Principal;
  readonly until: number;
}

/** The sessions of people: opaque tokens, kept hashed, with an idle and an absolute end. */
@Injectable()
export class SessionService {
  readonly #remembered = new Map<string, Remembered>();

  constructor(
    private readonly dataSource: DataSource,
    @Inject(SETTINGS)
    private readonly settings: Pick<
      IdentitySettings,
      'SESSION_IDLE_MINUTES' | 'SESSION_MAX_HOURS' | 'FRESH_PROOF_MINUTES'
    >,
  ) {}

  /** A `setup` session lasts 15 minutes and may only invite people. */
  async open(tx: EntityManager, accountId: string, kind: Row['kind']): Promise<OpenedSession> {
    const token = freshToken('lxs');
    const minutes = kind === 'setup' ? SETUP_MINUTES : this.settings.SESSION_MAX_HOURS * 60;
    const [row] = await tx.query<{ expiresAt: Date }[]>(
      `INSERT INTO identity.session (hash, account_id, kind, expires_at)
       VALUES ($1, $2, $3, now() + make_interval(mins => $4)) RETURNING expires_at AS "expiresAt"`,
      [hashOfToken(token), accountId, kind, minutes],
    );
    if (!row) throw new Error('the session was not stored');
    return { session: 'bearer', token, expiresAt: row.expiresAt };
  }

  /** Null: unknown, ended or revoked, or the account is not active. Rejects with ProblemError 503 when the database does not answer. */
  async principalOf(token: string): Promise<Principal | null> {
    const hash = hashOfToken(token);
    const name = hash.toString('base64');
    const remembered = this.#remembered.get(name);
    if (remembered && remembered.until > performance.now()) return remembered.principal;
    const until = performance.now() + REMEMBER_MS;
    const row = await this.#rowOf(hash);
    if (!row) {
      this.#remembered.delete(name);
      return null;
    }
    const principal = principalOf(row);
    if (this.#remembered.size >= MOST) this.#remembered.clear();
    this.#remembered.set(name, { principal, until });
    return principal;
  }

  /** Ends a session. Here it is refused at once, on other replicas within a second. False when it had ended before. */
  async close(tx: EntityManager, token: string): Promise<boolean> {
    const hash = hashOfToken(token);
    this.#remembered.delete(hash.toString('base64'));
    const rows = await tx.query<unknown[]>(
      `WITH closed AS (UPDATE identity.session SET revoked_at = now() WHERE hash = $1 AND revoked_at IS NULL RETURNING hash)
       SELECT hash FROM closed`,
      [hash],
    );
    return rows.length > 0;
  }

  /** Ends every session of the account: here at once, on other replicas within a second. Answers how many there were. */
  async closeAll(tx: EntityManager, accountId: string): Promise<number> {
    for (const [name, { principal }] of this.#remembered) if (principal.id === accountId) this.#remembered.delete(name);
    const rows = await tx.query<unknown[]>(
      `WITH closed AS (
         UPDATE identity.session SET revoked_at = now() WHERE account_id = $1 AND revoked_at IS NULL RETURNING hash)
       SELECT hash FROM closed`,
      [accountId],
    );
    return rows.length;
  }

  async #rowOf(hash: Buffer): Promise<Row | undefined> {
    try {
      const [row] = await this.dataSource.query<Row[]>(LIVE, [
        hash,
        this.settings.SESSION_IDLE_MINUTES,
        this.settings.FRESH_PROOF_MINUTES,
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
  SELECT s.hash, s.seen_at, s.kind, a.id, ${activeRoles('a.id')} AS roles,
    s.kind = 'setup' OR s.created_at > now() - make_interval(mins => $3) AS fresh
  FROM identity.session s JOIN identity.account a ON a.id = s.account_id
  WHERE s.hash = $1 AND s.revoked_at IS NULL AND s.expires_at > now() AND s.seen_at > now() - make_interval(mins => $2)
    AND a.status = 'active'
), seen AS (
  UPDATE identity.session s SET seen_at = now() FROM live
  WHERE s.hash = live.hash AND live.seen_at < now() - interval '1 minute'
)
SELECT id, roles, kind, fresh FROM live`;

const setupPermissions: ReadonlySet<Permission> = new Set(['user:invite']);

const principalOf = ({ id, roles, kind, fresh }: Row): Principal => ({
  kind: 'person',
  id,
  name: id,
  roles,
  fresh,
  permissions: kind === 'setup' ? setupPermissions : permissionsOf(roles),
});
