import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './machine.js';

export interface Aim {
  readonly url: string;
  readonly path: string;
  readonly apiKey: string;
  readonly connections: number;
  readonly seconds: number;
  readonly subjects: 'rotate' | 'new';
  readonly keys: 'none' | 'each';
}

/** What one run of wrk saw. Times in microseconds; wrk fills in what a stalled connection could not ask meanwhile. */
export interface Run {
  readonly requests: number;
  /** How long it really took. */
  readonly us: number;
  /** CPU that wrk itself used, in seconds. */
  readonly cpuSeconds: number;
  /** Connections refused or broken, time-outs, and answers other than 2xx and 3xx. */
  readonly errors: number;
  readonly max: number;
  /** The distribution of answering times at even steps. */
  readonly steps: readonly number[];
}

let runs = 0;

/** A closed loop of `connections`, each sending the next request when the last is answered. */
export async function wrk({ url, path, apiKey, connections, seconds, subjects, keys }: Aim): Promise<Run> {
  const seed = `${Date.now().toString(36)}${(runs++).toString(36)}`;
  const load = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', join(root, 'bench/load.lua')];
  const output = await outputOf('wrk', [...load, url, '--', path, apiKey, subjects, keys, seed]);
  const line = /^RESULT (.*)$/m.exec(output)?.[1];
  if (line === undefined) throw new Error(`wrk said nothing of use:\n${output}`);
  return JSON.parse(line) as Run;
}

function outputOf(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(new Error(`${program} does not run (Debian: apt-get install ${program})`, { cause: error }));
    });
    child.once('close', (code) => {
      const text = Buffer.concat(output).toString();
      if (code === 0) resolve(text);
      else reject(new Error(`${program} ended with ${code ?? 'a signal'}:\n${text}`));
    });
  });
}
