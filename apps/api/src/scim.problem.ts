import type { Problem } from '@lexecon/auth';
import { SCIM_JSON, ScimError, scimSchemas } from '@lexecon/identity';

/** What stands under /scim is refused in SCIM's own form (RFC 7644, 3.12), which its clients need: the one exception from problem+json. */
export const isScim = (path: string): boolean => path.startsWith('/scim/');

export const SCIM_TYPE = `${SCIM_JSON}; charset=utf-8`;

/** SCIM knows no 422: what cannot be accepted is 400 there. */
export const scimStatus = (status: number): number => (status === 422 ? 400 : status);

/** The problem as SCIM says it. `type` and `instance` stay, for whoever looks for the request. */
export const scimBodyOf = (problem: Problem, thrown: unknown, instance: string): object => ({
  schemas: [scimSchemas.error],
  status: String(scimStatus(problem.status)),
  ...scimTypeOf(problem, thrown),
  detail: problem.detail ?? detailOf(problem),
  type: `urn:lexecon:problem:${problem.type}`,
  instance,
});

function scimTypeOf({ type, status }: Problem, thrown: unknown): object {
  if (thrown instanceof ScimError) return thrown.scimType === undefined ? {} : { scimType: thrown.scimType };
  if (type === 'malformed') return { scimType: 'invalidSyntax' };
  return status === 422 ? { scimType: 'invalidValue' } : {};
}

const detailOf = ({ title, errors }: Problem): string => {
  const [first] = errors ?? [];
  return first ? `${title}: ${first.pointer} ${first.detail}` : title;
};
