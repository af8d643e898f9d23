import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { documentOf } from './openapi.js';

/** docs/api/openapi.json with its members in order. */
export const openApiText = (app: NestFastifyApplication): string =>
  `${JSON.stringify(ordered(documentOf(app)), null, 2)}\n`;

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, ordered(member)]),
  );
}
