import { type DynamicModule, type FactoryProvider, Global, Module } from '@nestjs/common';
import { Reads } from '@lexecon/auth';
import { Flags } from '@lexecon/flags';
import { LedgerService } from '@lexecon/ledger';
import { SubjectVault } from '@lexecon/vault';
import { AccessReviewController } from './access-review/access-review.controller.js';
import { AccessReviewService } from './access-review/access-review.service.js';
import { AccessReviewTask } from './access-review/access-review.task.js';
import { ClosingService } from './access-review/closing.service.js';
import { ItemService } from './access-review/item.service.js';
import { Revocation } from './access-review/revocation.js';
import { AccessEventController } from './access/access-event.controller.js';
import { AccessLog } from './access/access-log.js';
import { AccessReader } from './access/access-reader.js';
import { ReadsOnRecord } from './access/reads.js';
import { ActorRegistry } from './actor/actor-registry.js';
import { ActorService } from './actor/actor.service.js';
import { FederatedTokens } from './federation/federated-tokens.js';
import { FederationController } from './federation/federation.controller.js';
import { FederationService } from './federation/federation.service.js';
import { ReviewMetric } from './actor/review.metric.js';
import { KeyService } from './actor/key.service.js';
import { AgentController } from './actor/agent.controller.js';
import { CredentialUses } from './actor/credential-use.js';
import { CredentialUseTask } from './actor/credential-use.task.js';
import { AttemptLimits } from './sign-in/attempt-limits.js';
import { AuthController } from './sign-in/auth.controller.js';
import { BreakGlassController } from './break-glass/break-glass.controller.js';
import { BreakGlassService } from './break-glass/break-glass.service.js';
import { UseService } from './break-glass/use.service.js';
import { UseTask } from './break-glass/use.task.js';
import { ChallengeService } from './sign-in/challenge.service.js';
import { EnrolmentController } from './sign-in/enrolment.controller.js';
import { EnrolmentService } from './sign-in/enrolment.service.js';
import { FactorController } from './factor/factor.controller.js';
import { SecondFactorHealth } from './factor/factor.health.js';
import { FactorService } from './factor/factor.service.js';
import { ProofService } from './factor/proof.service.js';
import { ResetService } from './factor/reset.service.js';
import { TotpVault } from './factor/totp.vault.js';
import { IdentityAuthenticator } from './identity.authenticator.js';
import { IdentityBootstrap } from './identity.bootstrap.js';
import { type IdentitySettings, SETTINGS } from './identity.config.js';
import { GrantController } from './person/grant.controller.js';
import { GrantService } from './person/grant.service.js';
import { PasswordController } from './person/password.controller.js';
import { PasswordService } from './person/password.service.js';
import { StandingService } from './person/standing.service.js';
import { StandingTask } from './person/standing.task.js';
import { inLine, inThreads } from './person/hashing.js';
import { PasskeyService } from './passkey/passkey.service.js';
import { Passwords } from './person/password.js';
import { PersonService } from './person/person.service.js';
import { SessionCarrier } from './session/session.carrier.js';
import { SessionController } from './session/session.controller.js';
import { SessionOverview } from './session/session.overview.js';
import { SessionTask } from './session/session.task.js';
import { StepUpService } from './session/step-up.service.js';
import { UserSessionController } from './session/user-session.controller.js';
import { SessionService } from './sign-in/session.service.js';
import { SetupService } from './person/setup.service.js';
import { SignInService } from './sign-in/sign-in.service.js';
import { scimParts } from './scim/scim.parts.js';
import { OidcProviders } from './sso/provider.directory.js';
import { ProviderLogoutService } from './sso/provider-logout.service.js';
import { SsoArrival } from './sso/sso.arrival.js';
import { SsoController } from './sso/sso.controller.js';
import { SsoService } from './sso/sso.service.js';
import { UserController } from './person/user.controller.js';

/** Who may come in. Needs the database, vault and ledger modules beside it. */
@Global()
@Module({})
export class IdentityModule {
  static with(settings: IdentitySettings): DynamicModule {
    return {
      module: IdentityModule,
      controllers: [
        SsoController,
        ...scimParts.controllers,
        AuthController,
        BreakGlassController,
        EnrolmentController,
        SessionController,
        FactorController,
        UserController,
        GrantController,
        PasswordController,
        UserSessionController,
        AgentController,
        FederationController,
        AccessEventController,
        AccessReviewController,
      ],
      providers: [
        { provide: SETTINGS, useValue: settings },
        {
          provide: AccessLog,
          useFactory: (ledger: LedgerService, vault: SubjectVault): AccessLog => new AccessLog(ledger, vault),
          inject: [LedgerService, SubjectVault],
        },
        AccessReader,
        AccessReviewService,
        AccessReviewTask,
        ClosingService,
        ItemService,
        Revocation,
        { provide: Reads, useClass: ReadsOnRecord },
        CredentialUses,
        CredentialUseTask,
        ActorRegistry,
        ActorService,
        KeyService,
        ReviewMetric,
        FederatedTokens,
        FederationService,
        passwordsOf(settings),
        AttemptLimits,
        SessionService,
        SessionCarrier,
        SessionOverview,
        SessionTask,
        StepUpService,
        TotpVault,
        PasskeyService,
        ProofService,
        ChallengeService,
        FactorService,
        SecondFactorHealth,
        ResetService,
        EnrolmentService,
        PersonService,
        PasswordService,
        GrantService,
        StandingService,
        StandingTask,
        BreakGlassService,
        UseService,
        UseTask,
        SetupService,
        SignInService,
        OidcProviders,
        SsoArrival,
        SsoService,
        ProviderLogoutService,
        ...scimParts.providers,
        IdentityAuthenticator,
        IdentityBootstrap,
      ],
      exports: [ActorRegistry, IdentityAuthenticator, IdentityBootstrap, Reads, SecondFactorHealth],
    };
  }
}

/** Hashing runs where enable_async_auth says at that moment. */
function passwordsOf(settings: IdentitySettings): FactoryProvider<Passwords> {
  const threads = inThreads(settings.PASSWORD_THREADS, settings.PASSWORD_QUEUE);
  return {
    provide: Passwords,
    useFactory: (flags: Flags) =>
      new Passwords(settings, () => (flags.isEnabled('enable_async_auth') ? threads : inLine)),
    inject: [Flags],
  };
}
