import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Receipt } from '@lexecon/ledger/core';
import { ackedNow, type Answered, type Journal, sentNow } from './journal.js';
import { requestBody } from './requests.js';

/** Longer than the server lets anybody wait, and than a server process is ever paused. */
const GIVE_UP_MS = 15_000;
const RETRY_MS = 25;
/** Part of the requests that go to both servers at once, and of those that are asked again after their answer. */
const TWINS = 0.04;
const REPEATS = 0.04;

/** What came back when the service could not answer, by phase: HTTP status, or `connection`. */
export type Refusals = Map<string, Map<string, number>>;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A closed loop of clients that ask until they are answered, always under the same idempotency key. */
export class Load {
  readonly refusals: Refusals = new Map();
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1_000 });
  readonly #workers: Promise<void>[] = [];
  #phase = 'warm-up';
  #stopped = false;
  #abandoned = false;
  #entries = 0;
  #requests = 0;
  #retries = 0;
  #lastAnswer = 0;
  #slowestRefusal = 0;

  constructor(
    private readonly ports: readonly number[],
    private readonly apiKey: string,
    private readonly journal: Journal,
    /** Rest between two requests of one worker, in milliseconds. */
    private readonly paceMs: number,
    private readonly largestBatch: number,
  ) {}

  get entries(): number {
    return this.#entries;
  }

  get requests(): number {
    return this.#requests;
  }

  get retries(): number {
    return this.#retries;
  }

  /** When the last decision was answered, by `performance.now()`. */
  get lastAnswer(): number {
    return this.#lastAnswer;
  }

  /** Longest wait for a refusal in this phase, in milliseconds. */
  get slowestRefusal(): number {
    return this.#slowestRefusal;
  }

  enter(phase: string): void {
    this.#phase = phase;
    this.#slowestRefusal = 0;
  }

  start(workers: number): void {
    for (let i = 0; i < workers; i++) this.#workers.push(this.#work());
  }

  /** Resolves when every request that was begun has its answer. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
    this.#agent.destroy();
  }

  /** For a suite that failed: resolves when nobody asks any more, answered or not. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.#agent.destroy();
    await this.stop();
  }

  async #work(): Promise<void> {
    while (!this.#stopped) {
      const { path, body, members } = requestBody(this.largestBatch);
      const key = randomUUID();
      this.journal.write({ t: 'request', key, body });
      const sent = sentNow();
      const ask = (port: number): Promise<void> => this.#untilAnswered(port, path, key, JSON.stringify(body), sent);
      const [first = 0, second = 0] = Math.random() < 0.5 ? this.ports : this.ports.toReversed();
      if (Math.random() < TWINS) await Promise.all([ask(first), ask(second)]);
      else await ask(first);
      if (Math.random() < REPEATS) await ask(second);
      this.#entries += members;
      this.#requests += 1;
      await sleep(this.paceMs * (0.5 + Math.random()));
    }
  }

  async #untilAnswered(port: number, path: string, key: string, body: string, sent: number): Promise<void> {
    for (let to = port; !this.#abandoned; to = this.ports.find((other) => other !== to) ?? to) {
      const phase = this.#phase;
      const asked = performance.now();
      const answer = await this.#post(to, path, key, body);
      if (answer?.status === 200) {
        this.#keep(key, sent, answer.text);
        return;
      }
      this.#refused(phase, answer, performance.now() - asked);
      this.#retries += 1;
      await sleep(RETRY_MS + Math.random() * RETRY_MS);
    }
  }

  #keep(key: string, sent: number, text: string): void {
    const acked = ackedNow();
    const answer = JSON.parse(text) as Decision | { readonly decisions: readonly Decision[] };
    const decisions = 'decisions' in answer ? answer.decisions : [answer];
    for (const { receipt } of decisions) this.journal.write({ t: 'note', batch: receipt.batch, note: receipt.note });
    this.journal.write({ t: 'answer', key, sent, acked, decisions: decisions.map(answered) });
    this.#lastAnswer = performance.now();
  }

  /** A refusal carries no outcome, and says so in problem+json. Everything else is strange. */
  #refused(phase: string, answer: Answer | null, tookMs: number): void {
    const kind = answer ? String(answer.status) : 'connection';
    const counts = this.refusals.get(phase) ?? new Map<string, number>();
    this.refusals.set(phase, counts.set(kind, (counts.get(kind) ?? 0) + 1));
    if (phase === this.#phase) this.#slowestRefusal = Math.max(this.#slowestRefusal, tookMs);
    if (!answer || (answer.status === 503 && isProblem(answer.text))) return;
    this.journal.write({ t: 'strange', phase, what: `${kind} ${answer.text.slice(0, 300)}` });
  }

  /** Null when the connection broke before there was an answer. */
  #post(port: number, path: string, key: string, body: string): Promise<Answer | null> {
    return new Promise((resolve) => {
      const headers = {
        authorization: `Bearer ${this.apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': key,
        'content-length': Buffer.byteLength(body),
      };
      const call = request({
        port,
        host: '127.0.0.1',
        path,
        method: 'POST',
        headers,
        agent: this.#agent,
        timeout: GIVE_UP_MS,
      });
      call.once('error', () => {
        resolve(null);
      });
      call.once('timeout', () => call.destroy());
      call.once('response', (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('error', () => {
          resolve(null);
        });
        response.once('close', () => {
          resolve(
            response.complete ? { status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() } : null,
          );
        });
      });
      call.end(body);
    });
  }
}

interface Decision {
  readonly id: string;
  readonly outcome: Answered['outcome'];
  readonly review: { readonly id: string } | null;
  readonly receipt: Receipt;
}

function answered({ id, outcome, review, receipt }: Decision): Answered {
  const { note: _, ...rest } = receipt;
  return { id, outcome, review: review?.id ?? null, receipt: rest };
}

function isProblem(text: string): boolean {
  const problem = JSON.parse(text) as Readonly<Record<string, unknown>>;
  return (
    problem['status'] === 503 &&
    typeof problem['type'] === 'string' &&
    !('outcome' in problem) &&
    !('decisions' in problem)
  );
}
