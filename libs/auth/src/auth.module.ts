import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthGuard } from './auth.guard.js';
import { CredentialsStrategy } from './credentials.strategy.js';
import type { Authenticator } from './principal.js';

/** Puts the guard before every route of the application. */
@Module({})
export class AuthModule {
  /** `authenticator` provides the token `Authenticator`, for example `{ provide: Authenticator, useExisting: … }`. */
  static with(authenticator: Provider<Authenticator>): DynamicModule {
    return {
      module: AuthModule,
      providers: [authenticator, CredentialsStrategy, { provide: APP_GUARD, useClass: AuthGuard }],
    };
  }
}
