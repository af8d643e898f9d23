import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DatabaseHealth, MigrationHealth } from './database.health.js';
import { type DatabaseOptions, dataSourceOptions } from './migrate.js';

/** The application's connection: a TypeORM DataSource on an already migrated database. */
@Module({})
export class DatabaseModule {
  static with(options: DatabaseOptions): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [TypeOrmModule.forRoot({ ...dataSourceOptions(options), retryAttempts: 0 })],
      providers: [DatabaseHealth, MigrationHealth],
    };
  }
}
