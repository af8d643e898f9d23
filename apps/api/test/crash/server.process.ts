import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, cpSync, openSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const MAIN = 'dist/apps/api/apps/api/src/main.js';
const WELCOME = 'The API is described at';
const READY_WITHIN_MS = 60_000;

/** Copies the built program to `folder`, so that a build during the run changes nothing. Answers its main file. */
export function copyProgram(folder: string): string {
  cpSync(join(ROOT, 'dist/apps/api'), join(folder, 'dist/apps/api'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, MAIN);
}

/** One server process, the built program, with its log in `folder`. */
export class ServerProcess {
  #child: ChildProcess | undefined;
  /** Length of the log when this start began. */
  #began = 0;

  constructor(
    readonly name: string,
    readonly port: number,
    private readonly main: string,
    private readonly folder: string,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts it and resolves when it says that it can serve and has nothing left to prepare. */
  async start(): Promise<void> {
    this.#spawn();
    for (const end = Date.now() + READY_WITHIN_MS; Date.now() < end;) {
      if (!this.running) throw new Error(`${this.name} ended while starting; ${this.#logFile} says why`);
      if (this.#isWelcoming() && (await this.ready())) return;
      await sleep(50);
    }
    throw new Error(`${this.name} is not ready after a minute; ${this.#logFile} says why`);
  }

  async ready(): Promise<boolean> {
    try {
      const answer = await fetch(`http://127.0.0.1:${String(this.port)}/health/ready`, {
        signal: AbortSignal.timeout(2_000),
      });
      return answer.ok;
    } catch {
      return false;
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Resolves with the exit code when the process is gone; null when a signal ended it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (!child || !this.running) return child?.exitCode ?? null;
    const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return gone;
  }

  /** Whether this start has printed its last line. */
  #isWelcoming(): boolean {
    return readFileSync(this.#logFile).subarray(this.#began).includes(WELCOME);
  }

  get #logFile(): string {
    return join(this.folder, `${this.name}.log`);
  }

  #spawn(): void {
    const log = openSync(this.#logFile, 'a');
    this.#began = statSync(this.#logFile).size;
    const compiled = { NODE_COMPILE_CACHE: join(this.folder, 'compiled') };
    const env = { PATH: process.env['PATH'] ?? '', ...compiled, ...this.settings, PORT: String(this.port) };
    this.#child = spawn(process.execPath, ['--enable-source-maps', this.main], {
      env,
      cwd: this.folder,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
  }
}
