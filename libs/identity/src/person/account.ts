import { isRole, type Role, roles } from '@lexecon/auth';

const keyRoles: ReadonlySet<Role> = new Set(['agent', 'gateway', 'provisioner']);

/** Roles of people: those of agents come with their keys. */
export const personRoles: readonly Role[] = Object.keys(roles)
  .filter(isRole)
  .filter((role) => !keyRoles.has(role));

export interface Person {
  readonly id: string;
  /** Normalised. Personal: never in a log, an error or a public field of the ledger. */
  readonly email: string;
  /** Of the grants that count at this moment. */
  readonly roles: readonly string[];
  readonly justification: string;
  readonly status: 'invited' | 'active' | 'disabled' | 'deleted';
  /** Whether a second factor is enrolled; nobody signs in without one. */
  readonly secondFactor: boolean;
  readonly createdAt: Date;
}

/** What signing in needs to know of a person. */
export interface Account {
  readonly id: string;
  readonly email: string;
  readonly status: Person['status'];
  readonly password: string | null;
  /** Sealed under `totp:<id>`. */
  readonly totpSecret: Buffer | null;
  /** Whether a second factor was ever set up: then a password alone begins no enrolment. */
  readonly enrolled: boolean;
  /** The last time step that was used; 0 while the secret is not confirmed. */
  readonly totpStep: number;
}

/** One spelling of an e-mail address: two that differ in case or composition only are one. */
export const normalEmail = (email: string): string => email.trim().normalize('NFC').toLowerCase().normalize('NFC');
