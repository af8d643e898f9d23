/** The entry was not recorded, or nobody can tell yet: answer 503 without an outcome. A repeat with the same idempotency key is safe. */
export class LedgerUnavailable extends Error {
  constructor(
    message: string,
    /** Whether it may be recorded all the same, later. */
    readonly mayBeRecorded: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Nothing was recorded: the kill switch or the policy set moved on since the decision was made. Decide again. */
export class Superseded extends Error {}

/** Nothing was recorded: the record's unique key (an idempotency key) is already in the ledger. Answer from the stored record. */
export class AlreadyRecorded extends Error {}

export type AppendOutcome = 'unknown' | 'duplicate' | 'superseded' | 'refused';

interface DatabaseFailure {
  readonly code?: unknown;
  readonly constraint?: unknown;
}

/** What an error of the append statement says about the batch. Only an error that the server raised while executing it is definite;
 *  a lost connection, a shutdown or a crash (classes 08 and 57P, XX) leaves the outcome unknown. */
export function outcomeOf(error: unknown): AppendOutcome {
  const { code } = error as DatabaseFailure;
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || /^(08|57P|XX|58)/.test(code)) return 'unknown';
  if (code === '23505') return 'duplicate';
  return code === 'LX001' || code === 'LX002' ? 'superseded' : 'refused';
}

/** Whether the database refused what a record holds (data exceptions, constraints, limits of the program), so that the same batch without
 *  that record would be taken. Says something about definite errors only. */
export const isOfRecord = (error: unknown): boolean => {
  const { code } = error as DatabaseFailure;
  return typeof code === 'string' && /^(22|23|54)[0-9A-Z]{3}$/.test(code);
};

/** Why something failed, in words that may be shown and logged: the database's own words may quote what was stored. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason';
  if ('severity' in error) return `the database refused a statement, ${String((error as DatabaseFailure).code)}`;
  return error.message;
}

export function constraintOf(error: unknown): string | undefined {
  const { constraint } = error as DatabaseFailure;
  return typeof constraint === 'string' ? constraint : undefined;
}
