import { metrics } from '@opentelemetry/api';

/** Grants that nobody confirmed and that had to stay. Anything but 0 needs a person to look. */
export const countKept = (): void => {
  count('lexecon.access_review.kept', 'Grants that nobody confirmed in an access review and that had to stay.');
};

export const countRevoked = (): void => {
  count(
    'lexecon.access_review.revoked',
    'Grants, keys and agents taken back because nobody confirmed them in an access review.',
  );
};

const count = (name: string, description: string): void => {
  metrics.getMeter('lexecon.identity').createCounter(name, { description }).add(1);
};
