import { type DynamicModule, Global, Module } from '@nestjs/common';
import { LedgerService } from '@lexecon/ledger';
import { SubjectVault } from '@lexecon/vault';
import { AccessLog } from './access-log.js';
import { ActorRegistry } from './actor-registry.js';
import { ActorService } from './actor.service.js';
import { AgentController } from './agent.controller.js';
import { IdentityAuthenticator } from './identity.authenticator.js';
import { type IdentitySettings, SETTINGS } from './identity.config.js';

/** Who may come in. Needs the database, vault and ledger modules beside it. */
@Global()
@Module({})
export class IdentityModule {
  static with(settings: IdentitySettings): DynamicModule {
    return {
      module: IdentityModule,
      controllers: [AgentController],
      providers: [
        { provide: SETTINGS, useValue: settings },
        {
          provide: AccessLog,
          useFactory: (ledger: LedgerService, vault: SubjectVault): AccessLog => new AccessLog(ledger, vault),
          inject: [LedgerService, SubjectVault],
        },
        ActorRegistry,
        ActorService,
        IdentityAuthenticator,
      ],
      exports: [ActorRegistry, IdentityAuthenticator],
    };
  }
}
