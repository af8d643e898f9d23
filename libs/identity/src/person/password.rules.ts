import { registerDecorator } from 'class-validator';
import { unprocessable } from '@lexecon/auth';
import { guessable, wordsOfEmail } from './guessable.js';

/** Of a password that somebody chooses, in characters (Unicode code points, after NFKC). Nothing is said about which. */
export const PASSWORD_LENGTH = { min: 15, max: 128 } as const;
/** UTF-16 units that are looked at: more cannot be 128 characters in any language that is written. */
const MOST_UNITS = 1_024;
const PRODUCT = 'lexecon';

const lengthOf = (password: string): number => Array.from(password.normalize('NFKC')).length;

/** A password as somebody may choose it: 15 to 128 characters of anything. Half a surrogate pair is no character: it would be hashed
 *  as any other half. */
export function IsNewPassword(): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'isNewPassword',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: isNewPassword,
        defaultMessage: () =>
          `$property must be ${String(PASSWORD_LENGTH.min)} to ${String(PASSWORD_LENGTH.max)} characters long; any characters will do`,
      },
    });
  };
}

export function isNewPassword(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > MOST_UNITS || !value.isWellFormed()) return false;
  const length = lengthOf(value);
  return length >= PASSWORD_LENGTH.min && length <= PASSWORD_LENGTH.max;
}

/** Throws ProblemError 422 that names /password and says why, for a password that guessing tools try early. */
export function refuseGuessable(password: string, email: string, organisation: readonly string[]): void {
  const why = guessable(password, [PRODUCT, ...organisation, ...wordsOfEmail(email)]);
  if (why === null) return;
  throw unprocessable([
    {
      pointer: '/password',
      detail: `is easy to guess: it is made of few parts, which are ${why}. Add unrelated words`,
    },
  ]);
}
