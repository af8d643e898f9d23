import type { Json } from '@lexecon/crypto';
import type { Entry, EntryKind, KindName } from './core/index.js';

/** An entry that the log writes about itself: everything in it is public. */
export interface LogEvent {
  readonly entryId: Buffer;
  readonly timeMs: number;
  readonly facts: Readonly<Record<string, Json>>;
}

const eventKind = (name: KindName): EntryKind<LogEvent> => ({
  name,
  encode: ({ entryId, timeMs, facts }): Entry => ({ entryId, timeMs, class: 'shard', public: facts, sealed: [] }),
});

/** First entry of a shard; commits to the last checkpoint of the one before. */
export const ShardOpenKind = eventKind('shard-open');
/** Last entry of a shard. */
export const ShardCloseKind = eventKind('shard-close');
/** A signing key came into use or was retired. */
export const KeyEventKind = eventKind('key-event');
