import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { type RequestContext, requestContext, traceOf } from './logging.context.js';

declare module 'fastify' {
  interface FastifyRequest {
    context: RequestContext | null;
    /** Set by the guard. */
    principal?: { readonly kind: string };
  }
}

/** Gives every request its context and writes one line when it is answered: the route's template, never the path, the query,
 *  a header or a body, and of the caller only the kind. Probes of /health are not written. */
export function logAccess(fastify: FastifyInstance, logger: Logger): void {
  fastify.decorateRequest('context', null);

  fastify.addHook('onRequest', (request, reply, done) => {
    const { trace_id, span_id } = traceOf(request.headers.traceparent);
    const context = { request_id: request.id, trace_id, span_id };
    request.context = context;
    reply.header('x-request-id', request.id);
    requestContext.run(context, done);
  });

  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    if (!route.startsWith('/health'))
      logger.info(
        {
          ...request.context,
          method: request.method,
          route,
          status: reply.statusCode,
          duration_ms: Math.round(reply.elapsedTime * 100) / 100,
          principal: request.principal?.kind ?? null,
        },
        'request',
      );
    done();
  });
}
