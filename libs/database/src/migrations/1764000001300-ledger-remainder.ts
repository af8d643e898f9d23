import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Decisions are found by policy. */
export class LedgerRemainder1764000001300 implements MigrationInterface {
  /** Built while decisions are recorded; that is impossible inside a transaction. */
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // What an interrupted attempt left behind is not valid.
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS decision.decision_policies');
    // Without a pending list: emptying it would be the business of whoever appends at that moment.
    await runner.query(
      'CREATE INDEX CONCURRENTLY decision_policies ON decision.decision USING gin (policies) WITH (fastupdate = off)',
    );
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations are forward-only'));
  }
}
