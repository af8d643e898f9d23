import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Json } from '@lexecon/crypto';
import { type Page, pageOf } from '@lexecon/database';
import { bytesOfUuid, decodeBody, openGroup } from '@lexecon/ledger/core';
import { SubjectVault } from '@lexecon/vault';
import { accountSubject, type Fields } from './access-fact.js';
import { AccessLog } from './access-log.js';
import { eventsBefore, type StoredEvent } from './access.queries.js';
import { idOfCursor, PAGE } from '../cursor.js';

/** One access event as it stands in the ledger. */
export interface AccessEntry {
  /** Id of the ledger entry. */
  readonly id: string;
  readonly at: Date;
  readonly event: string;
  readonly result: 'done' | 'failed';
  /** What anybody may read. */
  readonly public: Fields;
  /** Who, whom, why and the whole address; null when the reader may not see it. */
  readonly sealed: Fields | null;
  /** Whether a part can no longer be read because the person it was about was erased. */
  readonly erased: boolean;
}

export interface AccessFilter {
  readonly event?: string | undefined;
  /** UUID of a person who did it or whom it was done to. */
  readonly account?: string | undefined;
  /** Name of an agent, service or user of the caller's system. */
  readonly actor?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

type Keys = Awaited<ReturnType<SubjectVault['openAll']>>;

/** Reads access events back out of the ledger. */
@Injectable()
export class AccessReader {
  constructor(
    private readonly dataSource: DataSource,
    private readonly vault: SubjectVault,
    private readonly log: AccessLog,
  ) {}

  /** Newest first; the sealed part is opened where `open` allows it. */
  async search(filter: AccessFilter, open: boolean): Promise<Page<AccessEntry>> {
    const { event, account, actor, from, to, cursor, limit = PAGE } = filter;
    const rows = await eventsBefore(this.dataSource.manager, {
      event,
      person: account === undefined ? undefined : this.log.blindOf(accountSubject(account)),
      actor: actor === undefined ? undefined : { name: actor, blind: this.log.blindOf(`user:${actor}`) },
      from,
      to,
      before: idOfCursor(cursor),
      limit: limit + 1,
    });
    const ids = rows.flatMap(({ sealed }) => sealed.map(({ key }) => key));
    const keys: Keys = open && ids.length > 0 ? await this.vault.openAll(ids) : new Map();
    return pageOf(
      rows,
      limit,
      ({ id }) => id,
      (row) => entryOf(row, open ? keys : null),
    );
  }
}

function entryOf({ id, body, sealed }: StoredEvent, keys: Keys | null): AccessEntry {
  const { publicJson, commitments } = decodeBody(body);
  const { event, ...facts } = JSON.parse(publicJson) as Readonly<Record<string, Json>> & { readonly event: string };
  const groups = sealed.map(({ key, ciphertext }, group) => {
    const secret = keys?.get(key)?.key;
    if (!secret || ciphertext === null) return null;
    const stored = { entryId: bytesOfUuid(id), ciphertext: Buffer.from(ciphertext, 'base64'), key: secret };
    return openGroup(stored, group, commitments);
  });
  return {
    id,
    at: new Date(Number.parseInt(id.replace('-', '').slice(0, 12), 16)),
    event,
    result: event.endsWith('-failed') ? 'failed' : 'done',
    public: facts,
    sealed: keys && Object.fromEntries(groups.flatMap((fields) => Object.entries(fields ?? {}))),
    erased: keys !== null && groups.includes(null),
  };
}
