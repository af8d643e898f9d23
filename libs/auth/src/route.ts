import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import { applyDecorators } from '@nestjs/common';
import { type FastifyCaller, incomingOf } from './credentials.strategy.js';
import type { Permission } from './permissions.js';
import type { IncomingRequest, Principal } from './principal.js';

/** Metadata key under which a route says who may come in: a permission, or `public`. */
export const ACCESS = 'lexecon:access';
export type Access = Permission | 'public';

/** Metadata key under which a route says that it also wants a fresh second factor. */
export const FRESH = 'lexecon:fresh';

/** Only callers with this permission; with `fresh`, only people who proved a second factor within the last minutes (step-up). */
export const Requires = (permission: Permission, { fresh = false } = {}): MethodDecorator =>
  applyDecorators(
    SetMetadata(ACCESS, permission),
    SetMetadata(FRESH, fresh),
    ApiBearerAuth(),
    ApiExtension('x-permission', permission),
    ...(fresh ? [ApiExtension('x-fresh-proof', true)] : []),
  );

/** Everybody, without credentials. */
export const Public = (): MethodDecorator => SetMetadata(ACCESS, 'public');

interface Authenticated {
  readonly principal?: Principal;
}

/** The caller, as the guard found it. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<Authenticated>();
  if (!principal) throw new Error('@Caller() on a route without @Requires');
  return principal;
});

/** The request as an authenticator sees it, for public routes that look at credentials themselves. */
export const Incoming = createParamDecorator((_: unknown, context: ExecutionContext): IncomingRequest =>
  incomingOf(context.switchToHttp().getRequest<FastifyCaller>()),
);
