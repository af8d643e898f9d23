import { type DynamicModule, type FactoryProvider, Module, type Type } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { CONTRIBUTIONS, HealthChecks } from './health.checks.js';
import type { HealthContribution, HealthFacts } from './health.contribution.js';
import { HealthController } from './health.controller.js';
import { FACTS, HealthService } from './health.service.js';

/** How to make the facts, from what the application provides. */
export type HealthFactsFactory = Pick<FactoryProvider<HealthFacts>, 'useFactory' | 'inject'> &
  Pick<DynamicModule, 'imports'>;

@Module({})
export class HealthModule {
  /** `contributions` are classes that some module of the application provides; they are looked up at boot. */
  static of(contributions: readonly Type<HealthContribution>[], facts: HealthFactsFactory): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false }), ...(facts.imports ?? [])],
      controllers: [HealthController],
      providers: [
        HealthService,
        HealthChecks,
        { provide: CONTRIBUTIONS, useValue: contributions },
        { provide: FACTS, useFactory: facts.useFactory, inject: facts.inject ?? [] },
      ],
      exports: [HealthService],
    };
  }
}
