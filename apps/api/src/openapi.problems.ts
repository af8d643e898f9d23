import type { OpenAPIObject } from '@nestjs/swagger';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Response = Operation['responses'][string];
type Schema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];

export const problemSchema: Schema = {
  type: 'object',
  description: 'RFC 9457 problem details; docs/api/problems.md lists every type.',
  required: ['type', 'title', 'status', 'instance'],
  properties: {
    type: { type: 'string', format: 'uri', example: 'urn:lexecon:problem:invalid' },
    title: { type: 'string', example: 'The request is not valid' },
    status: { type: 'integer', example: 422 },
    detail: { type: 'string' },
    instance: { type: 'string', description: 'Id of the request', example: '0b1d6f1e-8f0c-4b57-9a51-6a7b1f0c9d3e' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: {
          pointer: {
            type: 'string',
            description: 'JSON pointer into the body, or /name of a parameter',
            example: '/action/name',
          },
          detail: { type: 'string', example: 'name should not be empty' },
        },
      },
    },
  },
};

export const scimErrorSchema: Schema = {
  type: 'object',
  description: 'An error of SCIM (RFC 7644, 3.12), with the type and request id of the problem it stands for.',
  required: ['schemas', 'status', 'detail', 'type', 'instance'],
  properties: {
    schemas: { type: 'array', items: { type: 'string', example: 'urn:ietf:params:scim:api:messages:2.0:Error' } },
    status: { type: 'string', example: '409' },
    scimType: { type: 'string', example: 'uniqueness' },
    detail: { type: 'string' },
    type: { type: 'string', format: 'uri', example: 'urn:lexecon:problem:conflict' },
    instance: { type: 'string', description: 'Id of the request' },
  },
};

const scimError = (description: string): Response => ({
  description,
  content: { 'application/scim+json': { schema: { $ref: '#/components/schemas/ScimError' } } },
});

/** What any operation of SCIM may answer, by status. */
export const scimResponses: Readonly<Record<string, Response>> = {
  '4XX': scimError('The request was refused'),
  503: scimError('Something that is needed does not answer; nothing was changed'),
};

const problem = (description: string): Response => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

/** The problems that this operation may answer, by status. */
export function problemResponses(operation: Operation): Readonly<Record<string, Response>> {
  const takesBody = operation.requestBody !== undefined;
  const takesInput = takesBody || (operation.parameters ?? []).length > 0;
  const closed = (operation.security ?? []).length > 0;
  return {
    ...(takesInput && {
      400: problem('The request cannot be read'),
      422: problem('A field or parameter is not valid'),
    }),
    ...(takesBody && { 413: problem('More than 64 KiB; where policies are taken, 512 KiB'), 415: problem('Not JSON') }),
    ...(closed && { 401: problem('No credentials, or not valid ones'), 403: problem('Not allowed') }),
    '4XX': problem('The request was refused'),
    503: problem('Something that is needed does not answer; nothing was recorded'),
  };
}
