import type { MigrationInterface, QueryRunner } from 'typeorm';

/** People who sign in at their company's identity provider, and whom it makes, changes and ends over SCIM. */
export class Sso1764000000900 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(keys);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations are forward-only'));
  }
}

const keys = `
ALTER TABLE identity.api_key DROP CONSTRAINT api_key_role_check;
ALTER TABLE identity.api_key ADD CONSTRAINT api_key_role_check CHECK (role IN ('agent', 'gateway', 'provisioner')) NOT VALID;
ALTER TABLE identity.api_key VALIDATE CONSTRAINT api_key_role_check;
`;
