import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { parseSettings } from './settings.js';

/** The application made from its modules alone, to be read: nothing is instantiated, nothing connects. */
export function previewOf(): Promise<NestFastifyApplication> {
  const settings = parseSettings({ DATABASE_URL: 'postgres://nowhere.invalid/none' });
  return NestFactory.create<NestFastifyApplication>(AppModule.with(settings), new FastifyAdapter(), {
    preview: true,
    logger: ['error'],
    abortOnError: false,
  });
}
