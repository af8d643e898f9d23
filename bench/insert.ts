import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { v7 as uuid7 } from 'uuid';
import { PLAIN_INSERT, PLAIN_TABLE } from './chain.sql.js';
import type { Run } from './wrk.js';

const CONNECTIONS = 16;
const BYTES = 1024;

/** Single rows of 1 KiB, each committed by itself, straight from this process: no HTTP, no decision, nothing but durability. */
export class PlainInserts {
  private constructor(private readonly pool: pg.Pool) {}

  static async open(url: string): Promise<PlainInserts> {
    const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS, application_name: 'lexecon-bench-insert' });
    await pool.query(PLAIN_TABLE);
    return new PlainInserts(pool);
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  async run(concurrency: number, seconds: number): Promise<Run> {
    const body = randomBytes(BYTES);
    const times: number[] = [];
    const before = process.cpuUsage();
    const begun = performance.now();
    const worker = async (): Promise<void> => {
      for (let at = performance.now(); at < begun + seconds * 1000;) {
        await this.pool.query({ name: 'plain', text: PLAIN_INSERT, values: [uuid7(), body] });
        const now = performance.now();
        times.push((now - at) * 1000);
        at = now;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    const us = (performance.now() - begun) * 1000;
    const { user, system } = process.cpuUsage(before);
    const steps = times.sort((a, b) => a - b);
    return { requests: times.length, us, cpuSeconds: (user + system) / 1e6, errors: 0, max: steps.at(-1) ?? 0, steps };
  }
}
