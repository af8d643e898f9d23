import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Outcome } from '@lexecon/policy/core';
import type { Receipt } from '@lexecon/ledger/core';

/** One answered decision as the client keeps it. */
export interface Answered {
  readonly id: string;
  readonly outcome: Outcome;
  readonly review: string | null;
  /** Without the note, which is the same for a whole batch and is kept once. */
  readonly receipt: Omit<Receipt, 'note'>;
}

/** Times are microseconds of this machine's monotonic clock. */
export type Line =
  | { readonly t: 'request'; readonly key: string; readonly body: unknown }
  | { readonly t: 'note'; readonly batch: string; readonly note: string }
  | {
      readonly t: 'answer';
      readonly key: string;
      /** When the key was first sent, rounded down. */
      readonly sent: number;
      /** When this answer was read, rounded up. */
      readonly acked: number;
      readonly decisions: readonly Answered[];
    }
  | { readonly t: 'late'; readonly id: string; readonly leaf: string; readonly sent: number; readonly acked: number }
  | { readonly t: 'aborted'; readonly id: string }
  | { readonly t: 'strange'; readonly phase: string; readonly what: string };

/** What the client saw, on a file outside PostgreSQL: a request before it is sent, an answer before it is believed. */
export class Journal {
  readonly #file: number;
  readonly #notes = new Set<string>();

  constructor(readonly path: string) {
    this.#file = openSync(path, 'a');
  }

  write(line: Line): void {
    if (line.t === 'note') {
      if (this.#notes.has(line.batch)) return;
      this.#notes.add(line.batch);
    }
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }

  static async *read(path: string): AsyncGenerator<Line> {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity }))
      yield JSON.parse(line) as Line;
  }
}

export const sentNow = (): number => Math.floor(performance.now() * 1_000);
export const ackedNow = (): number => Math.ceil(performance.now() * 1_000);
