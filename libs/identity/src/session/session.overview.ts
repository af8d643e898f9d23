import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { validate } from 'uuid';
import { notFound, type Principal } from '@lexecon/auth';
import { AccessLog, accountSubject } from '../access/access-log.js';
import { personOf } from '../person/account.queries.js';
import { SessionService } from '../sign-in/session.service.js';
import type { ListedSessionView } from './session.dto.js';
import { endSessionOf } from './session.queries.js';

/** Sessions seen and ended, by the person themselves or by an administrator. */
@Injectable()
export class SessionOverview {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly sessions: SessionService,
  ) {}

  async own({ id, session }: Principal): Promise<readonly ListedSessionView[]> {
    return this.#list(id, session);
  }

  /** Throws ProblemError 404 when there is no such person. */
  async of(accountId: string): Promise<readonly ListedSessionView[]> {
    return this.#list(await this.#knownId(accountId), undefined);
  }

  /** Throws ProblemError 404 when it is not one's own, or has ended. */
  async end(by: Principal, sessionId: string): Promise<void> {
    if (!validate(sessionId)) throw notFound('session');
    const record = await this.log.seal({
      event: 'sessions-ended',
      by,
      about: aboutOf(by.id),
      public: { which: 'one' },
    });
    await this.dataSource.transaction(async (tx) => {
      if (!(await endSessionOf(tx, by.id, sessionId))) throw notFound('session');
      await this.log.append(tx, record);
    });
  }

  /** Ends all others of one's own. */
  endOthers(by: Principal): Promise<number> {
    return this.#endAll(by, by.id, by.session ?? null, undefined);
  }

  /** Ends all of somebody's. Throws ProblemError 404 when there is no such person. */
  async endAllOf(by: Principal, accountId: string, reason: string): Promise<number> {
    return this.#endAll(by, await this.#knownId(accountId), null, reason);
  }

  async #endAll(by: Principal, accountId: string, except: string | null, why: string | undefined): Promise<number> {
    const open = { which: except === null ? 'all' : 'others' };
    const record = await this.log.seal({ event: 'sessions-ended', by, about: aboutOf(accountId), why, public: open });
    return this.dataSource.transaction(async (tx) => {
      const ended = await this.sessions.closeAll(tx, accountId, except);
      await this.log.append(tx, record);
      return ended;
    });
  }

  async #list(accountId: string, current: string | undefined): Promise<readonly ListedSessionView[]> {
    const rows = await this.sessions.list(accountId);
    return rows.map(({ id, createdAt, seenAt, expiresAt, network, method, transport }) => ({
      id,
      createdAt,
      seenAt,
      expiresAt,
      network,
      method,
      session: transport,
      current: id === current,
    }));
  }

  async #knownId(id: string): Promise<string> {
    const person = validate(id) ? await personOf(this.dataSource.manager, id) : undefined;
    if (!person || person.status === 'deleted') throw notFound('person');
    return person.id;
  }
}

const aboutOf = (id: string) => ({ subject: accountSubject(id), fields: { account: id } });
