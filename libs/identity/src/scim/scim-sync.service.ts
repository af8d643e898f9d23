import { hash } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type Principal, ProblemError } from '@lexecon/auth';
import { AccessLog, accountSubject } from '../access/access-log.js';
import { ActorService } from '../actor/actor.service.js';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { changesNothing, factsOfPlan, followPlan, planRoles, rolesOfGroups } from '../person/group-grant.js';

const MOST = 200;

interface Standing {
  readonly change: string;
  readonly active: boolean;
  readonly groups: readonly string[];
}

/** What follows from what the directory said of a person: their roles, and, when they are gone, that their agents stop. Done at once
 *  by whoever changed something, else by the next sweep; either way what was true last counts. */
@Injectable()
export class ScimSync {
  readonly #logger = new Logger('Scim');
  readonly #mapping: Buffer;

  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly actors: ActorService,
    @Inject(SETTINGS) private readonly settings: Pick<IdentitySettings, 'SCIM_ROLES_FILE' | 'GRANT_MAX_DAYS'>,
  ) {
    this.#mapping = hash('sha256', JSON.stringify(settings.SCIM_ROLES_FILE ?? {}), 'buffer');
  }

  /** Never rejects: what could not be done now is done by the sweep. */
  async soon(by: Principal, ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.#tried(by, id);
  }

  /** Everybody for whom something is left to do, or whom nobody looked at for a day. Answers how many there were. */
  async sweep(): Promise<number> {
    const rows = await this.dataSource.query<{ id: string }[]>(
      `SELECT id FROM identity.scim_user
       WHERE settled < change OR mapping IS DISTINCT FROM $1 OR (deleted_at IS NULL AND settled_at < now() - interval '1 day')
       ORDER BY settled_at LIMIT $2`,
      [this.#mapping, MOST],
    );
    for (const { id } of rows) await this.#tried(undefined, id);
    return rows.length;
  }

  async #tried(by: Principal | undefined, id: string): Promise<void> {
    try {
      await this.settle(by, id);
    } catch (error) {
      const reason = error instanceof ProblemError ? error.problem.type : 'a fault';
      this.#logger.warn(`what a person of the directory may do is not settled yet: ${reason}`);
    }
  }

  /** Rejects when it cannot be done now. */
  async settle(by: Principal | undefined, id: string): Promise<void> {
    const standing = await standingOf(this.dataSource.manager, id);
    if (!standing) return;
    if (!standing.active) await this.actors.disableOwnedBy(by, id);
    const plan = await planRoles(this.dataSource.manager, {
      accountId: id,
      source: 'scim',
      wanted: standing.active
        ? rolesOfGroups(
            this.settings.SCIM_ROLES_FILE ?? {},
            standing.groups,
            (group) => `group ${group} of the directory`,
          )
        : new Map(),
      days: this.settings.GRANT_MAX_DAYS,
    });
    const record = changesNothing(plan)
      ? undefined
      : await this.log.seal({
          event: 'roles-from-groups',
          by,
          about: { subject: accountSubject(id), fields: { account: id } },
          public: factsOfPlan(plan),
        });
    await this.dataSource.transaction(async (tx) => {
      if (!(await settled(tx, id, standing.change, this.#mapping))) return;
      await followPlan(tx, plan);
      if (record) await this.log.append(tx, record);
    });
  }
}

async function standingOf(db: EntityManager, id: string): Promise<Standing | undefined> {
  const [row] = await db.query<Standing[]>(
    `SELECT u.change, u.active AND u.deleted_at IS NULL AND a.status IN ('invited', 'active') AS active,
            ARRAY(SELECT g.display_name FROM identity.scim_member m JOIN identity.scim_group g ON g.id = m.group_id
                  WHERE m.user_id = u.id ORDER BY g.display_name) AS groups
     FROM identity.scim_user u JOIN identity.account a ON a.id = u.id WHERE u.id = $1`,
    [id],
  );
  return row;
}

/** False when something changed since: then what was found out does not count, and the sweep or whoever changed it does it again. */
async function settled(tx: EntityManager, id: string, change: string, mapping: Buffer): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `WITH done AS (
       UPDATE identity.scim_user SET settled = change, settled_at = now(), mapping = $3
       WHERE id = $1 AND change = $2 RETURNING id)
     SELECT id FROM done`,
    [id, change, mapping],
  );
  return rows.length > 0;
}
