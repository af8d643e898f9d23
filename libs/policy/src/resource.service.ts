import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuid7, validate } from 'uuid';
import { notFound, type Principal } from '@lexecon/auth';
import type { Json } from '@lexecon/crypto';
import { type Page, pageOf } from '@lexecon/database';
import { idOfCursor } from './cursor.js';
import type { PolicyFact } from './policy-log.js';
import { PolicyLog } from './policy-log.js';
import { Refreshed } from './refreshed.js';
import { conflict, unavailable } from './refusal.js';
import { ResourceCatalogue } from './resource-catalogue.js';
import {
  changedResources,
  currentEpoch,
  insertResource,
  type NewResource,
  nextEpoch,
  removeResource,
  resourceOf,
  resourcesBefore,
} from './resource.queries.js';
import type { Resource, ResourceFacts } from './resource.js';

/** How often a replica asks for changes, and how old its answer may be at most, in milliseconds. */
const PERIOD_MS = 300;
const STALE_MS = 1_000;
const PAGE = 50;

/** The catalogue of resources: in the database, and in memory at most a second behind it. */
@Injectable()
export class ResourceService implements OnModuleInit, OnModuleDestroy {
  readonly #catalogue = new ResourceCatalogue();
  readonly #refreshed = new Refreshed('resource catalogue', PERIOD_MS, () => this.#read());
  #epoch = 0n;

  constructor(
    private readonly dataSource: DataSource,
    private readonly log: PolicyLog,
  ) {}

  /** What the server knows of the resource; undefined when the catalogue does not have it. Throws ProblemError 503 when the catalogue
   *  in memory is more than a second old. */
  factsOf(type: string, id: string): ResourceFacts | undefined {
    if (this.#refreshed.age > STALE_MS) {
      throw unavailable('catalogue-stale', 'The catalogue of resources is more than a second old');
    }
    return this.#catalogue.factsOf(type, id);
  }

  async list(cursor?: string, limit = PAGE): Promise<Page<Resource>> {
    const rows = await resourcesBefore(this.dataSource.manager, idOfCursor(cursor), limit + 1);
    return pageOf(
      rows,
      limit,
      ({ id }) => id,
      (row) => row,
    );
  }

  /** Every replica knows within a second. Throws ProblemError 409 when the catalogue has the type and id. */
  async catalogue(by: Principal, given: Omit<NewResource, 'id'>): Promise<Resource> {
    const resource = { ...given, id: uuid7() };
    const record = await this.log.seal(factOf('resource-catalogued', by, resource));
    const row = await this.dataSource.transaction(async (tx) => {
      const inserted = await insertResource(tx, resource, await nextEpoch(tx));
      if (!inserted) throw conflict('resource-exists', 'The catalogue has an entry with this type and id.');
      await this.log.append(tx, record);
      return inserted;
    });
    await this.#refreshed.catchUp();
    return row;
  }

  /** Every replica knows within a second. Throws ProblemError 404. */
  async remove(by: Principal, id: string): Promise<void> {
    const resource = validate(id) ? await resourceOf(this.dataSource.manager, id) : undefined;
    if (!resource) throw notFound('entry of the catalogue');
    const record = await this.log.seal(factOf('resource-removed', by, resource));
    await this.dataSource.transaction(async (tx) => {
      if (!(await removeResource(tx, id, await nextEpoch(tx)))) throw notFound('entry of the catalogue');
      await this.log.append(tx, record);
    });
    await this.#refreshed.catchUp();
  }

  async onModuleInit(): Promise<void> {
    await this.#refreshed.start();
  }

  onModuleDestroy(): void {
    this.#refreshed.stop();
  }

  async #read(): Promise<() => void> {
    const { manager } = this.dataSource;
    const epoch = await currentEpoch(manager);
    const restored = epoch < this.#epoch;
    const since = restored ? 0n : this.#epoch;
    const changed = epoch === since ? [] : await changedResources(manager, since);
    return () => {
      if (restored) this.#catalogue.clear();
      for (const { removed, ...entry } of changed) {
        if (removed) this.#catalogue.remove(entry.id);
        else this.#catalogue.put(entry);
      }
      this.#epoch = epoch;
    };
  }
}

/** Ids of resources may be personal: only what is known of them stands in the open. */
function factOf(event: PolicyFact['event'], by: Principal, resource: NewResource): PolicyFact {
  const { id, type, dataClasses, sensitivity, owner, subject } = resource;
  const closed: Readonly<Record<string, Json>> = { resource: resource.resource, owner };
  const open = { entry: id, type, dataClasses: [...dataClasses], sensitivity };
  return subject
    ? { event, by, public: open, about: { subject, fields: { ...closed, subject } } }
    : { event, by, public: open, sealed: closed };
}
