import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Raised when another living process already runs the server of this folder. The caller says so and exits. */
export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning';
}

/** Holds a folder for this process alone. */
export interface FolderLock {
  release(): void;
}

/**
 * Takes the folder for this process, or throws AlreadyRunning naming the process that has it. The kernel drops the lock
 * when the process ends, however it ends: no stale lock is possible and no start time has to be compared. (Node has no
 * file locks of its own; an exclusive SQLite transaction over an empty file is one.)
 */
export function lockFolder(folder: string): FolderLock {
  const owner = join(folder, 'lock.pid');
  const lock = new DatabaseSync(join(folder, 'lock'), { timeout: 0 });
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new AlreadyRunning(
      `Lexecon is already running on ${folder} (process ${readOwner(owner)}). Stop that process, or give this one a folder of its own: LEXECON_DATA_DIR=<folder>`,
    );
  }
  writeFileSync(owner, `${String(process.pid)}\n`);
  return {
    release: () => {
      if (lock.isOpen) lock.close();
    },
  };
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

function readOwner(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim() || 'unknown';
  } catch {
    return 'unknown';
  }
}
