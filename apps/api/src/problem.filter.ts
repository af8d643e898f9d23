import { STATUS_CODES } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type Problem, ProblemError } from '@lexecon/auth';
import { isUnavailable } from '@lexecon/database';
import { isScim, SCIM_TYPE, scimBodyOf, scimStatus } from './scim.problem.js';

/** Everything thrown on the way to an answer leaves through here, as RFC 9457 problem+json. A database that cannot be asked at
 *  the moment is a 503; what nobody expected becomes a 500 that says nothing but the id under which the log tells more. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = problemOf(thrown, request.url);
    if (problem.status >= 500)
      this.logger.error({ err: thrown, error_id: request.id, type: problem.type }, problem.title);
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    if (problem.retryAfter !== undefined) void reply.header('retry-after', String(problem.retryAfter));
    sendProblem(reply, problem, request, thrown);
  }
}

/** Answers with the problem, in the form that the address asks for. */
export function sendProblem(
  reply: FastifyReply,
  problem: Problem,
  { id, url }: Pick<FastifyRequest, 'id' | 'url'>,
  thrown?: unknown,
): void {
  const scim = isScim(url);
  void reply
    .code(scim ? scimStatus(problem.status) : problem.status)
    .header('content-type', scim ? SCIM_TYPE : PROBLEM_JSON)
    .send(JSON.stringify(scim ? scimBodyOf(problem, thrown, id) : bodyOf(problem, id)));
}

export const PROBLEM_JSON = 'application/problem+json; charset=utf-8';

/** The members of the body, `instance` being the request's id. */
export const bodyOf = ({ status, type, title, detail, errors }: Problem, instance: string): object => ({
  type: `urn:lexecon:problem:${type}`,
  title,
  status,
  ...(detail === undefined ? {} : { detail }),
  instance,
  ...(errors === undefined ? {} : { errors }),
});

const fault: Problem = {
  status: 500,
  type: 'fault',
  title: 'Something went wrong here',
  detail: 'It is not your request. The log has more under the id in `instance`.',
};

/** The problem that `thrown` is; 500 for whatever nobody expected. `path` is the address asked for. */
export function problemOf(thrown: unknown, path: string): Problem {
  if (thrown instanceof ProblemError) return thrown.problem;
  if (isUnavailable(thrown)) return problemOfStatus(503);
  if (!(thrown instanceof Error)) return fault;
  const status: unknown = thrown instanceof HttpException ? thrown.getStatus() : Reflect.get(thrown, 'statusCode');
  if (typeof status !== 'number') return fault;
  // AuthZEN asks for 400 where HTTP has a better word.
  return status === 415 && path.startsWith('/access/')
    ? { ...problemOfStatus(415), status: 400 }
    : problemOfStatus(status);
}

type Refusal = Omit<Problem, 'status'>;

const aboutBody = (type: string, title: string, detail: string): Refusal => ({
  type,
  title,
  errors: [{ pointer: '', detail }],
});

/** What the HTTP layer refuses by itself, by status. */
const refusals: Readonly<Record<number, Refusal>> = {
  400: aboutBody('malformed', 'The request cannot be read', 'This is not well-formed.'),
  404: { type: 'not-found', title: 'Not found', detail: 'There is nothing at this address for this method.' },
  405: { type: 'method-not-allowed', title: 'The method is not allowed here' },
  408: { type: 'timeout', title: 'The request took too long to arrive' },
  413: aboutBody(
    'too-large',
    'The request is too large',
    'must not be larger than 64 KiB, or 512 KiB where policies are taken',
  ),
  414: { type: 'address-too-long', title: 'The address is too long' },
  415: aboutBody('unsupported-media-type', 'The body must be JSON', 'must be sent with Content-Type: application/json'),
  422: aboutBody('invalid', 'The request is not valid', 'cannot be accepted as it is'),
  429: { type: 'too-many-requests', title: 'Too many requests' },
  431: { type: 'headers-too-large', title: 'The headers are too large' },
  503: { type: 'unavailable', title: 'Not available at the moment', retryAfter: 1 },
};

export function problemOfStatus(status: number): Problem {
  const refusal = refusals[status];
  if (refusal) return { status, ...refusal };
  return status >= 400 && status < 500 ? { status, type: 'refused', title: STATUS_CODES[status] ?? 'Refused' } : fault;
}
