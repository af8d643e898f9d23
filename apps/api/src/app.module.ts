import { type DynamicModule, Module } from '@nestjs/common';
import { Authenticator, AuthModule } from '@lexecon/auth';
import { DatabaseHealth, DatabaseModule, MigrationHealth } from '@lexecon/database';
import { DecisionModule } from '@lexecon/decision';
import { FlagsModule } from '@lexecon/flags';
import { type HealthFactsFactory, HealthModule } from '@lexecon/health';
import { IdentityAuthenticator, IdentityModule, SecondFactorHealth } from '@lexecon/identity';
import { LedgerHealth, LedgerModule } from '@lexecon/ledger';
import { OversightModule } from '@lexecon/oversight';
import { PolicyModule, PolicyService } from '@lexecon/policy';
import { BreakerHealth, RateLimiterHealth, ResilienceModule } from '@lexecon/resilience';
import { VaultModule } from '@lexecon/vault';
import { type Places, placesOf } from './places.js';
import { AuthServiceHealth, PoliciesHealth } from './rooms.health.js';
import { RootController } from './root.controller.js';
import { SECURITY_TEXT, SecurityTextController } from './security-text.controller.js';
import type { Settings } from './settings.js';
import { version } from './version.js';

/** What /health, /health/ready and /health/mfa ask: every contribution of every room. */
export const contributions = [
  DatabaseHealth,
  MigrationHealth,
  LedgerHealth,
  AuthServiceHealth,
  PoliciesHealth,
  RateLimiterHealth,
  BreakerHealth,
  SecondFactorHealth,
] as const;

/** The composition root: which rooms there are, and who satisfies whose contract. */
@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    const places = placesOf(settings);
    const url = settings.DATABASE_URL ?? '';
    return {
      module: AppModule,
      imports: [
        ResilienceModule.with(settings),
        DatabaseModule.with({ url, poolSize: settings.DATABASE_POOL_SIZE }),
        VaultModule.with({
          url: settings.VAULT_DATABASE_URL ?? url,
          keyFile: places.vaultKeyFile,
          kmsKey: settings.VAULT_KMS_KEY,
          deployment: settings.LEDGER_ORIGIN,
          mayCreate: places.mayCreate,
        }),
        LedgerModule.with(ledgerOptions(settings, places)),
        FlagsModule.with(settings),
        IdentityModule.with(settings),
        PolicyModule,
        OversightModule,
        DecisionModule,
        HealthModule.of(contributions, facts),
        AuthModule.with({ provide: Authenticator, useExisting: IdentityAuthenticator }),
        ResilienceModule.guard(),
      ],
      controllers: [RootController, SecurityTextController],
      providers: [{ provide: SECURITY_TEXT, useValue: settings }, AuthServiceHealth, PoliciesHealth],
    };
  }
}

const facts: HealthFactsFactory = {
  imports: [PolicyModule],
  inject: [PolicyService],
  useFactory: (policies: PolicyService) => ({ version, policySet: () => activeHash(policies) }),
};

/** Null while the active set is not known for sure. */
function activeHash(policies: PolicyService): string | null {
  try {
    return policies.active().set.hash;
  } catch {
    return null;
  }
}

/** The ledger as the settings describe it. */
export const ledgerOptions = (settings: Settings, places: Places): Parameters<typeof LedgerModule.with>[0] => ({
  url: settings.DATABASE_URL ?? '',
  origin: settings.LEDGER_ORIGIN,
  guard: places.guard,
  logKeyFile: places.logKeyFile,
  receiptKeyFile: places.receiptKeyFile,
  mayCreateKeys: places.mayCreate,
});
