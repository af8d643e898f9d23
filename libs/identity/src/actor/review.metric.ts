import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { metrics, type ObservableResult } from '@opentelemetry/api';
import { DataSource } from 'typeorm';
import { countOfOverdue } from './actor.queries.js';

/** `lexecon.agent.review.overdue`: active agents and services whose day of review is past. Every replica says the same. */
@Injectable()
export class ReviewMetric implements OnModuleInit, OnModuleDestroy {
  readonly #gauge = metrics.getMeter('lexecon').createObservableGauge('lexecon.agent.review.overdue', {
    description: 'Active agents and services whose day of review is past',
  });

  constructor(private readonly dataSource: DataSource) {}

  /** Says nothing while the database does not answer. */
  readonly observe = async (result: Pick<ObservableResult, 'observe'>): Promise<void> => {
    const overdue = await countOfOverdue(this.dataSource.manager).catch(() => undefined);
    if (overdue !== undefined) result.observe(overdue);
  };

  onModuleInit(): void {
    this.#gauge.addCallback(this.observe);
  }

  onModuleDestroy(): void {
    this.#gauge.removeCallback(this.observe);
  }
}
