import { applyDecorators, Header, HttpCode } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiParam, ApiProduces, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { Requires } from '@lexecon/auth';
import { SCIM_JSON } from './scim.resource.js';

interface Described {
  readonly summary: string;
  /** Default 200. */
  readonly status?: 200 | 201 | 204;
  /** Example of the body it takes. */
  readonly body?: object;
  readonly list?: true;
  readonly one?: true;
}

const text = { schema: { type: 'string', maxLength: 1000 } } as const;

/** A route of SCIM: for provisioners, in SCIM's content type. */
export function ScimRoute({ summary, status = 200, body, list, one }: Described): MethodDecorator {
  const count = { schema: { type: 'integer', minimum: 0, maximum: 100 } } as const;
  return applyDecorators(
    Requires('person:provision'),
    HttpCode(status),
    ApiOperation({ summary }),
    ApiProduces(SCIM_JSON),
    ApiResponse({
      status,
      description: 'A SCIM resource, or nothing',
      ...(status === 204 ? {} : { schema: { type: 'object' } }),
    }),
    ...(status === 204 ? [] : [Header('content-type', SCIM_JSON)]),
    ...(body ? [ApiBody({ schema: { type: 'object', example: body, additionalProperties: true } })] : []),
    ...(one ? [ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })] : []),
    ...(one && (body || status === 204)
      ? [ApiHeader({ name: 'If-Match', required: false, schema: { type: 'string' } })]
      : []),
    ...(list
      ? [
          ApiQuery({ name: 'filter', required: false, ...text, description: 'eq and pr, joined by and' }),
          ApiQuery({ name: 'startIndex', required: false, schema: { type: 'integer', minimum: 1 } }),
          ApiQuery({ name: 'count', required: false, ...count }),
        ]
      : []),
    ...(list || (one && !body && status === 200)
      ? ['attributes', 'excludedAttributes'].map((name) => ApiQuery({ name, required: false, ...text }))
      : []),
  );
}
