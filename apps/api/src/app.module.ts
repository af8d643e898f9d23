import { type DynamicModule, Module } from '@nestjs/common';
import { DatabaseHealth, DatabaseModule, MigrationHealth } from '@lexecon/database';
import { HealthModule } from '@lexecon/health';
import { RootController } from './root.controller.js';
import type { Settings } from './settings.js';
import { version } from './version.js';

/** The composition root: which rooms there are, and who satisfies whose contract. */
@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        DatabaseModule.with({ url: settings.DATABASE_URL ?? '', poolSize: settings.DATABASE_POOL_SIZE }),
        HealthModule.of([DatabaseHealth, MigrationHealth], { useFactory: () => ({ version, policySet: () => null }) }),
      ],
      controllers: [RootController],
    };
  }
}
