import type { FastifyInstance } from 'fastify';
import { ProblemError } from '@lexecon/auth';

/** A request with two Authorization headers is refused: Node reads the first, others in front of us may have read the last. */
export function refuseTwoCredentials(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const names = request.raw.rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === 'authorization');
    done(names.length > 1 ? twice() : undefined);
  });
}

const twice = (): ProblemError =>
  new ProblemError({
    status: 400,
    type: 'malformed',
    title: 'The request cannot be read',
    errors: [{ pointer: '', detail: 'has more than one Authorization header' }],
  });
