import { randomInt } from 'node:crypto';

/** What is asked, after the policies of the demo start. */
interface Asked {
  readonly path: string;
  readonly body: unknown;
  /** Decisions in it. */
  readonly members: number;
}

const KNOWN_PEOPLE = 500;

/** Single decisions of every outcome, and batches of them. One person in ten was never seen before. */
export function requestBody(largestBatch: number): Asked {
  if (Math.random() < 0.75) return { path: '/api/v1/decisions', body: single(), members: 1 };
  const members = randomInt(1, largestBatch + 1);
  return { path: '/api/v1/decisions/batch', body: { requests: Array.from({ length: members }, single) }, members };
}

let people = KNOWN_PEOPLE;

function single(): unknown {
  const person = Math.random() < 0.1 ? ++people : randomInt(KNOWN_PEOPLE);
  const actor = { type: 'agent', id: 'support-bot', onBehalfOf: { type: 'user', id: `u-${String(person)}` } };
  const context = { intent: 'answer a support question', riskScore: 42, environment: 'production' };
  const chance = Math.random();
  if (chance < 0.6)
    return { actor, action: { name: 'database:read' }, resource: { type: 'table', id: 'orders' }, context };
  if (chance < 0.8)
    return {
      actor,
      action: { name: 'database:export' },
      resource: { type: 'table', id: 'orders' },
      context: { ...context, dataClasses: ['pii'] },
    };
  return { actor, action: { name: 'database:drop' }, resource: { type: 'table', id: 'orders' }, context };
}
