import { AsyncLocalStorage } from 'node:async_hooks';
import { randomFillSync, randomUUID } from 'node:crypto';
import { trace } from '@opentelemetry/api';

/** What every log line of one request carries. */
export interface RequestContext {
  readonly request_id: string;
  readonly trace_id: string;
  readonly span_id: string;
}

export const requestContext = new AsyncLocalStorage<RequestContext>();

/** The caller's id when it is one (1 to 128 of `A-Za-z0-9._-`), else a new one. */
export const requestIdOf = (header: string | string[] | undefined): string =>
  typeof header === 'string' && /^[\w.-]{1,128}$/.test(header) ? header : randomUUID();

/** Ids of the span that the telemetry runs; without telemetry the caller's trace goes on, or a new one begins. */
export function traceOf(traceparent: string | string[] | undefined): Omit<RequestContext, 'request_id'> {
  const span = trace.getActiveSpan()?.spanContext();
  if (span) return { trace_id: span.traceId, span_id: span.spanId };
  const given =
    typeof traceparent === 'string' ? /^00-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}$/.exec(traceparent) : null;
  const trace_id = given?.[1];
  return { trace_id: trace_id && !/^0+$/.test(trace_id) ? trace_id : randomHex(16), span_id: randomHex(8) };
}

const pool = Buffer.alloc(4096);
let used = pool.length;

/** Asking the system for random bytes once per 4 KiB rather than once per request. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}
