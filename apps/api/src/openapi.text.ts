import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { documentOf } from './openapi.js';
import { parseSettings } from './settings.js';

/** docs/api/openapi.json with its members in order, made from the modules alone: nothing is instantiated, nothing connects. */
export async function openApiText(): Promise<string> {
  const settings = parseSettings({ DATABASE_URL: 'postgres://nowhere.invalid/none' });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(settings), new FastifyAdapter(), {
    preview: true,
    logger: ['error'],
    abortOnError: false,
  });
  return `${JSON.stringify(ordered(documentOf(app)), null, 2)}\n`;
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, ordered(member)]),
  );
}
