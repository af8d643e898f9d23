import { type ExecutionContext, Injectable, Logger } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard as PassportGuard } from '@nestjs/passport';
import { CREDENTIALS, type CredentialsOptions, type FastifyCaller, originOf } from './credentials.strategy.js';
import type { Permission } from './permissions.js';
import { Authenticator, type Principal } from './principal.js';
import { ProblemError } from './problem.js';
import { ACCESS, type Access, FRESH } from './route.js';

interface Authenticated {
  readonly principal: Principal;
}

interface Answering {
  header(name: string, value: string): unknown;
}

/** Stands before every route. A route that says neither @Requires nor @Public lets nobody in: that is a fault of ours, and logged.
 *  Throws ProblemError 401 (no or unknown credentials), 403 (known, but without the permission or the fresh proof), or what the authenticator threw. */
@Injectable()
export class AuthGuard extends PassportGuard(CREDENTIALS) {
  private readonly logger = new Logger(AuthGuard.name);
  private readonly asked: CredentialsOptions & { readonly session: false; readonly property: 'principal' };

  constructor(authenticator: Authenticator) {
    super();
    this.asked = { session: false, property: 'principal', authenticator };
  }

  override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const access = accessOf(context);
    if (access === 'public') return true;
    if (access === undefined) throw this.undeclared(context);
    return this.admit(context, access);
  }

  override getAuthenticateOptions(): typeof this.asked {
    return this.asked;
  }

  override handleRequest<Caller>(error: unknown, caller: Caller, _info: unknown, context: ExecutionContext): Caller {
    if (error instanceof Error) throw error;
    if (error) throw new Error('the authenticator threw what is no error', { cause: error });
    if (caller) return { ...caller, from: originOf(context.switchToHttp().getRequest<FastifyCaller>()) };
    context.switchToHttp().getResponse<Answering>().header('WWW-Authenticate', 'Bearer');
    throw unauthenticated();
  }

  private async admit(context: ExecutionContext, permission: Permission): Promise<boolean> {
    await super.canActivate(context);
    const { principal } = context.switchToHttp().getRequest<Authenticated>();
    if (!principal.permissions.has(permission)) throw forbidden(`This needs the permission ${permission}.`);
    if (wantsFreshProof(context) && !principal.fresh) throw stale();
    return true;
  }

  private undeclared(context: ExecutionContext): ProblemError {
    const route = `${context.getClass().name}.${context.getHandler().name}`;
    this.logger.error(`${route} declares neither @Requires nor @Public: nobody is let in`);
    return forbidden('Nobody has access to this address.');
  }
}

const reflector = new Reflector();

const accessOf = (context: ExecutionContext): Access | undefined =>
  reflector.get<Access | undefined>(ACCESS, context.getHandler());

const wantsFreshProof = (context: ExecutionContext): boolean =>
  reflector.get<boolean | undefined>(FRESH, context.getHandler()) === true;

const unauthenticated = (): ProblemError =>
  new ProblemError({
    status: 401,
    type: 'unauthenticated',
    title: 'Who is calling is not known',
    detail: 'Send valid credentials in the Authorization header: Bearer, then an API key or a session token.',
  });

const stale = (): ProblemError =>
  new ProblemError({
    status: 403,
    type: 'step-up-required',
    title: 'A fresh second factor is needed',
    detail: 'Prove your second factor again (POST /api/v1/auth/step-up), then repeat the request.',
  });

const forbidden = (detail: string): ProblemError =>
  new ProblemError({ status: 403, type: 'forbidden', title: 'Not allowed', detail });
