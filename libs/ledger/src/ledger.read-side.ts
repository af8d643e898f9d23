import type { FactoryProvider } from '@nestjs/common';
import type { Pool } from 'pg';
import { Backlog } from './backlog.js';
import { EntryReader } from './entry.reader.js';
import { ExportService } from './export.service.js';
import { HeadReader } from './head.reader.js';
import { KeyRegistry } from './key.registry.js';
import { LedgerHealth } from './ledger.health.js';
import { LedgerReader } from './ledger.reader.js';
import { READ_POOL, SIGNING_KEYS } from './ledger.tokens.js';
import { ProofService } from './proof.service.js';
import { Sequencer } from './sequencer.task.js';
import type { SigningKeys } from './signing-keys.js';
import { TileStore } from './tile.store.js';

/** Whatever reads: heads, tiles, proofs, entries. */
export const readSide: readonly FactoryProvider[] = [
  {
    provide: HeadReader,
    useFactory: (pool: Pool, keys: SigningKeys) => new HeadReader(pool, keys.origin),
    inject: [READ_POOL, SIGNING_KEYS],
  },
  { provide: TileStore, useFactory: (pool: Pool) => new TileStore(pool), inject: [READ_POOL] },
  { provide: KeyRegistry, useFactory: (pool: Pool) => new KeyRegistry(pool), inject: [READ_POOL] },
  {
    provide: ProofService,
    useFactory: (pool: Pool, heads: HeadReader, tiles: TileStore) => new ProofService(pool, heads, tiles),
    inject: [READ_POOL, HeadReader, TileStore],
  },
  {
    provide: LedgerReader,
    useFactory: (pool: Pool, keys: SigningKeys) => new LedgerReader(pool, keys),
    inject: [READ_POOL, SIGNING_KEYS],
  },
  {
    provide: EntryReader,
    useFactory: (tiles: TileStore, reader: LedgerReader) => new EntryReader(tiles, reader),
    inject: [TileStore, LedgerReader],
  },
  {
    provide: ExportService,
    useFactory: (
      pool: Pool,
      keys: SigningKeys,
      heads: HeadReader,
      tiles: TileStore,
      proofs: ProofService,
      registry: KeyRegistry,
    ) => new ExportService(pool, keys.origin, heads, tiles, proofs, registry),
    inject: [READ_POOL, SIGNING_KEYS, HeadReader, TileStore, ProofService, KeyRegistry],
  },
  {
    provide: LedgerHealth,
    useFactory: (sequencer: Sequencer, backlog: Backlog) => new LedgerHealth(sequencer, backlog),
    inject: [Sequencer, Backlog],
  },
];
