import { Client } from 'pg';

/** Advisory lock of the leader: (class, log). */
const LEADER_LOCK = 7102;

/** A dedicated connection that holds the leader's lock. Losing the connection is losing the lock. */
export class Leadership {
  #lost = false;

  private constructor(readonly client: Client) {
    client.on('error', () => {
      this.#lost = true;
    });
    client.on('end', () => {
      this.#lost = true;
    });
  }

  /** Null when another replica leads. */
  static async tryTake(url: string): Promise<Leadership | null> {
    const client = new Client({
      connectionString: url,
      application_name: 'lexecon-sequencer',
      connectionTimeoutMillis: 3_000,
      statement_timeout: 10_000,
      query_timeout: 15_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
    });
    const leadership = new Leadership(client);
    try {
      await client.connect();
      const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1, 0) AS taken', [
        LEADER_LOCK,
      ]);
      if (rows[0]?.taken) return leadership;
    } catch (error) {
      await leadership.release();
      throw error;
    }
    await leadership.release();
    return null;
  }

  get lost(): boolean {
    return this.#lost;
  }

  async release(): Promise<void> {
    this.#lost = true;
    await this.client.end().catch(() => undefined);
  }
}
