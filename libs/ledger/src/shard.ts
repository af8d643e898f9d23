/** Half-years are shards of the log: `2026h2`. Each has a tree of its own; the next one's first entry commits to the last one's end. */
export const shardAt = (time: Date): string => `${String(time.getUTCFullYear())}h${time.getUTCMonth() < 6 ? '1' : '2'}`;

/** The name that a shard's checkpoints carry. */
export const shardNameOf = (origin: string, shard: string): string => `${origin}/${shard}`;
