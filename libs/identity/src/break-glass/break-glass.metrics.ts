import { metrics } from '@opentelemetry/api';

/** Sign-ins with the break-glass account, counted where the alarm is raised. Anything but 0 is an alarm. */
export const countUse = (): void => {
  metrics
    .getMeter('lexecon')
    .createCounter('lexecon.auth.break_glass.uses', { description: 'Sign-ins with the break-glass account.' })
    .add(1);
};
