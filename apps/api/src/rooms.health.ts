import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ActorRegistry } from '@lexecon/identity';
import { PolicyService } from '@lexecon/policy';
import { SecretBox } from '@lexecon/vault';

/** Who is calling can be found out: the registry of actors and keys is fresh. */
@Injectable()
export class AuthServiceHealth {
  readonly name = 'auth_service';
  readonly parts = ['health', 'ready'] as const;

  constructor(private readonly registry: ActorRegistry) {}

  check(): Promise<'up'> {
    this.registry.factsOf('agent', '');
    return Promise.resolve('up');
  }
}

/** The active policies are loaded, and fresh. */
@Injectable()
export class PoliciesHealth {
  readonly name = 'policies';
  readonly parts = ['ready'] as const;

  constructor(private readonly policies: PolicyService) {}

  check(): Promise<'up'> {
    this.policies.active();
    return Promise.resolve('up');
  }
}

/** Accounts can be read, and what seals their second factor opens what it sealed. */
@Injectable()
export class SecondFactorHealth {
  readonly name = 'second_factor';
  readonly parts = ['mfa'] as const;

  constructor(
    private readonly source: DataSource,
    private readonly box: SecretBox,
  ) {}

  async check(): Promise<'up' | 'down'> {
    const secret = randomBytes(20);
    const opened = this.box.open(this.box.seal(secret, 'health'), 'health');
    await this.source.query('SELECT totp_secret FROM identity.account LIMIT 1');
    return opened.equals(secret) ? 'up' : 'down';
  }
}
