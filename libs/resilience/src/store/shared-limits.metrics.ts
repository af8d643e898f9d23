import { metrics } from '@opentelemetry/api';

/** A shared limit let an attempt pass or refused it. */
export function countAttempt(limit: string, allowed: boolean): void {
  metrics
    .getMeter('lexecon')
    .createCounter('lexecon.ratelimit.attempts', {
      description: 'Attempts that a limit shared by all replicas let pass or refused',
    })
    .add(1, { limit, result: allowed ? 'allowed' : 'rejected' });
}
