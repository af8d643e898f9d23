import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  InjectThrottlerOptions,
  InjectThrottlerStorage,
  ThrottlerGuard,
  type ThrottlerModuleOptions,
  type ThrottlerRequest,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import { type Principal, ProblemError } from '@lexecon/auth';
import { type ClassLimit, Limits } from './limits.js';
import { isHealth, weightOf } from './route-class.js';

interface Asking {
  readonly method: string;
  readonly ip: string;
  readonly body: unknown;
  readonly principal?: Principal;
  readonly routeOptions: { readonly url?: string };
}

interface Answering {
  header(name: string, value: string): unknown;
}

/** Counts every request but health's in the bucket of its caller and the class of its route: by account when the guard before it found one, else by
 *  address. Says what is left in the `RateLimit` fields (draft-ietf-httpapi-ratelimit-headers-11). Throws ProblemError 429. */
@Injectable()
export class LimitGuard extends ThrottlerGuard {
  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    @InjectThrottlerStorage() storage: ThrottlerStorage,
    reflector: Reflector,
    private readonly limits: Limits,
  ) {
    super(options, storage, reflector);
  }

  /** Straight to it: the walk over named throttlers and their decorators, of which there are none, costs several times what counting does. */
  override canActivate(context: ExecutionContext): Promise<boolean> {
    return this.handleRequest({ context });
  }

  protected override handleRequest({ context }: Pick<ThrottlerRequest, 'context'>): Promise<boolean> {
    this.count(context);
    return counted;
  }

  private count(context: ExecutionContext): void {
    const http = context.switchToHttp();
    const request = http.getRequest<Asking>();
    if (isHealth(request.routeOptions.url)) return;
    const { routeClass, cost } = weightOf(context.getHandler(), request.method, request.routeOptions.url ?? '');
    const tokens = cost(request.body);
    const left = request.principal
      ? this.limits.takeForAccount(request.principal.id, routeClass, tokens)
      : this.limits.takeForAddress(request.ip, routeClass, tokens);
    const limit = this.limits.of(routeClass);
    const answer = http.getResponse<Answering>();
    answer.header('ratelimit-policy', limit.policy);
    answer.header('ratelimit', stateOf(limit, routeClass, Math.max(0, left)));
    if (left < 0) throw tooMany(routeClass, left);
  }
}

const counted = Promise.resolve(true);

/** `r`: tokens left; `t`: seconds until the bucket is full. */
function stateOf({ burst, perSecond }: ClassLimit, name: string, left: number): string {
  const seconds = Math.ceil((burst - left) / perSecond);
  return `"${name}";r=${String(Math.floor(left))};t=${String(seconds)}`;
}

const tooMany = (routeClass: string, left: number): ProblemError =>
  new ProblemError({
    status: 429,
    type: 'too-many-requests',
    title: 'Too many requests',
    detail: `The limit for requests of the class ${routeClass} is reached.`,
    retryAfter: Math.ceil(-left / 1000),
  });
