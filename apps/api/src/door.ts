import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '@lexecon/auth';
import { isHealth, type Limits, type LoadShedder } from '@lexecon/resilience';
import { sendProblem } from './problem.filter.js';

const overloaded: Problem = {
  status: 503,
  type: 'overloaded',
  title: 'Too much work is waiting',
  detail: 'Nothing was done with the request.',
  retryAfter: 1,
};

const tooMany = (wait: number): Problem => ({
  status: 429,
  type: 'too-many-requests',
  title: 'Too many requests',
  detail: 'The limit of the address is reached.',
  retryAfter: Math.ceil(wait / 1000),
});

/** What happens to a request before anything is read of it or done for it: it is refused while the event loop lags, and when its address
 *  has asked too often. Health is always answered. The address is the connection's, or the one that a proxy named by TRUST_PROXY gives. */
export function guardDoor(fastify: FastifyInstance, shedder: LoadShedder, limits: Limits): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    if (isHealth(request.routeOptions.url)) return done();
    if (shedder.refuses()) return refuse(reply, request, overloaded);
    const left = limits.admit(request.ip);
    if (left < 0) return refuse(reply, request, tooMany(-left));
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    if (reply.statusCode === 401) limits.noteUnauthenticated(request.ip);
    done();
  });
}

/** Without the filter, which logs every 503: there may be many. */
function refuse(reply: FastifyReply, request: FastifyRequest, problem: Problem): void {
  sendProblem(reply.header('retry-after', String(problem.retryAfter)), problem, request);
}
