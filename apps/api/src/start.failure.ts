import { UnsupportedDatabase } from '@lexecon/database';
import { VaultKeyProblem } from '@lexecon/vault';
import { DemoData } from './demo.js';

export interface StartFailure {
  /** One sentence for whoever started the server; names the setting to look at, never its value. */
  readonly message: string;
  /** Whether starting again unchanged is of no use. */
  readonly wrongSettings: boolean;
}

/** Why the server could not start. */
export function startFailure(error: unknown): StartFailure {
  if (error instanceof UnsupportedDatabase || error instanceof DemoData)
    return { message: error.message, wrongSettings: true };
  if (error instanceof VaultKeyProblem) return { message: error.message, wrongSettings: false };
  const [code, syscall] = [textOf(error, 'code'), textOf(error, 'syscall')];
  const reason = syscall === 'listen' ? listening[code] : connecting[code];
  return { message: `the server could not start${reason === undefined ? '' : `: ${reason}`}`, wrongSettings: false };
}

const listening: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens on PORT already',
  EACCES: 'this user may not listen on PORT',
  EADDRNOTAVAIL: 'this machine does not have the address HOST',
};

const connecting: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing answers where DATABASE_URL leads',
  ETIMEDOUT: 'nothing answers where DATABASE_URL leads',
  ENOTFOUND: 'there is no such host as DATABASE_URL names',
  '28P01': 'the database refuses the user or password of DATABASE_URL',
  '28000': 'the database refuses the user or password of DATABASE_URL',
  '3D000': 'there is no such database as DATABASE_URL names',
  '42501': 'the user of DATABASE_URL lacks a right that it needs',
};

function textOf(error: unknown, key: string): string {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, key) : undefined;
  return typeof value === 'string' ? value : '';
}
