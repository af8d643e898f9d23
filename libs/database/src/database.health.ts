import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { migrations } from './migrations/index.js';

/** The database answers. */
@Injectable()
export class DatabaseHealth {
  readonly name = 'database';
  readonly parts = ['health', 'ready'] as const;

  constructor(@InjectDataSource() private readonly source: DataSource) {}

  async check(): Promise<'up'> {
    await this.source.query('SELECT 1');
    return 'up';
  }
}

/** The schema is at least as new as this program: it may be newer while a release is rolling out. */
@Injectable()
export class MigrationHealth {
  readonly name = 'migrations';
  readonly parts = ['ready'] as const;
  private applied = false;

  constructor(@InjectDataSource() private readonly source: DataSource) {}

  async check(): Promise<'up' | 'down'> {
    if (!this.applied) {
      const rows = await this.source.query<{ name: string }[]>('SELECT name FROM migration');
      const known = new Set(rows.map(({ name }) => name));
      this.applied = migrations.every(({ name }) => known.has(name));
    }
    return this.applied ? 'up' : 'down';
  }
}
