import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { Limits, LoadShedder } from '@lexecon/resilience';
import { AppModule } from './app.module.js';
import { parseBodies } from './body.parser.js';
import { refuseTwoCredentials } from './credential.header.js';
import { guardDoor } from './door.js';
import { appLogger } from './logging.js';
import { logAccess } from './logging.access.js';
import { requestIdOf } from './logging.context.js';
import { serveDocument } from './openapi.js';
import { bodyOf, PROBLEM_JSON, ProblemFilter, problemOfStatus, sendProblem } from './problem.filter.js';
import { securityHeaders, setSecurityHeaders } from './security.headers.js';
import type { Settings } from './settings.js';
import { validation } from './validation.js';

/** Of a body, in bytes. A policy is a document: with the JSON around it, twice its own limit always fits. */
const BODY_LIMIT = 64 * 1024;
const LONG_BODY_LIMIT = 512 * 1024;

/** The whole server, initialised on a migrated database, not listening yet. */
export async function createServer(settings: Settings, logger: Logger): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    trustProxy: settings.TRUST_PROXY ?? false,
    bodyLimit: BODY_LIMIT,
    genReqId: (request: IncomingMessage) => requestIdOf(request.headers['x-request-id']),
    requestIdHeader: false,
    routerOptions: { maxParamLength: 512, ignoreTrailingSlash: true },
    clientErrorHandler: refuseConnection,
    frameworkErrors: refuseAddress,
    connectionTimeout: 0,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    // What arrives on an open connection while the server leaves is answered like everything else, and told to reconnect.
    return503OnClosing: false,
  });
  adapter.getInstance().addHook('onRoute', (route) => {
    if (/^\/(api\/v1\/policies|scim\/v2\/Groups)/.test(route.url)) route.bodyLimit = LONG_BODY_LIMIT;
  });
  logAccess(adapter.getInstance(), logger);
  setSecurityHeaders(adapter.getInstance(), settings.PUBLIC_URL);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(settings), adapter, {
    bodyParser: false,
    logger: appLogger(logger),
    abortOnError: false,
  });
  guardDoor(adapter.getInstance(), app.get(LoadShedder), app.get(Limits));
  refuseTwoCredentials(adapter.getInstance());
  parseBodies(adapter.getInstance());
  app.useGlobalPipes(validation());
  app.useGlobalFilters(new ProblemFilter(logger));
  serveDocument(app);
  await app.init();
  return app;
}

/** The router refuses an address that it cannot read before any hook or filter runs. */
function refuseAddress(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const headers = securityHeaders(request.url, request.protocol === 'https');
  sendProblem(reply.headers(headers), problemOfStatus(error.statusCode ?? 400), request);
}

const clientErrors: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 };

/** Bytes that are no HTTP never reach a route; they too get a problem, then the connection is closed. */
function refuseConnection(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return;
  const problem = problemOfStatus(clientErrors[error.code ?? ''] ?? 400);
  const body = JSON.stringify(bodyOf(problem, requestIdOf(undefined)));
  const head = [
    `HTTP/1.1 ${String(problem.status)} ${problem.title}`,
    `Content-Type: ${PROBLEM_JSON}`,
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    'Connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}
