import { ProblemError } from '@lexecon/auth';

/** What went wrong in the words of RFC 7644, 3.12. */
export type ScimType = 'invalidFilter' | 'invalidSyntax' | 'invalidPath' | 'invalidValue' | 'noTarget' | 'uniqueness';

/** A refusal that a SCIM client is told in SCIM's own form, `scimType` included. */
export class ScimError extends ProblemError {
  constructor(
    readonly scimType: ScimType | undefined,
    status: 400 | 404 | 409 | 412,
    detail: string,
  ) {
    super({ status, type: types[status], title: titles[status], detail });
  }
}

const types = { 400: 'malformed', 404: 'not-found', 409: 'conflict', 412: 'changed-meanwhile' } as const;
const titles = {
  400: 'The request cannot be read',
  404: 'Not found',
  409: 'Already there',
  412: 'It was changed meanwhile',
} as const;

export const invalidValue = (detail: string): ScimError => new ScimError('invalidValue', 400, detail);
export const invalidPath = (detail: string): ScimError => new ScimError('invalidPath', 400, detail);
export const taken = (detail: string): ScimError => new ScimError('uniqueness', 409, detail);
export const noSuch = (what: 'User' | 'Group'): ScimError => new ScimError(undefined, 404, `There is no such ${what}.`);
export const changedMeanwhile = (): ScimError =>
  new ScimError(undefined, 412, 'The resource has another version than If-Match names.');
