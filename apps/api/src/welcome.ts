import { randomBytes } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { IdentityBootstrap } from '@lexecon/identity';
import { demoFile, ensureDemo } from './demo.js';
import { isLoopback, type Settings } from './settings.js';

/** A request that the demo policies permit. */
const FIRST_REQUEST = {
  actor: { type: 'agent', id: 'support-bot', onBehalfOf: { type: 'user', id: 'u-1842' } },
  action: { name: 'database:read', properties: { limit: 50 } },
  resource: { type: 'table', id: 'orders' },
  context: { intent: 'answer a support question', dataClasses: ['pii'], riskScore: 42, environment: 'production' },
};

/** Makes what a first start needs and answers the lines that tell a newcomer how to go on. In production there is no demo, and a setup
 *  token only when one was given; on an address that others can reach there is no demo either. */
export async function welcome(app: INestApplication, settings: Settings, address: string): Promise<readonly string[]> {
  return [...(await setupLines(app, settings, address)), ...(await demoLines(app, settings, address))];
}

async function setupLines(app: INestApplication, settings: Settings, address: string): Promise<readonly string[]> {
  const production = settings.NODE_ENV === 'production';
  const token = settings.LEXECON_SETUP_TOKEN ?? (production ? undefined : randomBytes(24).toString('base64url'));
  if (token === undefined || !(await app.get(IdentityBootstrap).offerSetup(token))) return [];
  const shown = settings.LEXECON_SETUP_TOKEN === undefined ? token : '$LEXECON_SETUP_TOKEN';
  return [
    'There is no administrator yet. Make the first one (the token works once):',
    `  curl -s ${address}/api/v1/auth/setup -H 'Content-Type: application/json' \\`,
    `    -d '{"token":"${shown}","email":"you@example.com","password":"a passphrase of 15 characters or more"}'`,
    '',
  ];
}

async function demoLines(app: INestApplication, settings: Settings, address: string): Promise<readonly string[]> {
  if (settings.NODE_ENV === 'production') return [];
  if (!isLoopback(settings.HOST))
    return ['There is no demo: its gateway may ask about anybody, and HOST lets others in.'];
  const key = await ensureDemo(app, settings);
  return [
    'Your first decision:',
    `  curl -s ${address}/api/v1/decisions -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' -d '${JSON.stringify(FIRST_REQUEST)}'`,
    '',
    `The API is described at ${address}/docs. The demo's people and their second factors are in ${demoFile(settings)}.`,
  ];
}
