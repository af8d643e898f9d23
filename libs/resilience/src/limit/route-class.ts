import { type ExecutionContext, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ACCESS, type Access } from '@lexecon/auth';

/** What kind of work a route is, for limits: each has its own bucket. */
export const routeClasses = ['decision', 'read', 'write', 'expensive', 'sign-in'] as const;
export type RouteClass = (typeof routeClasses)[number];

/** How much a request counts, from its body, which nobody has checked yet. At least 1. */
type Cost = (body: unknown) => number;

export interface Weight {
  readonly routeClass: RouteClass;
  readonly cost: Cost;
}

/** Health is asked by what restarts us, from addresses that others may share: it is always answered, and nobody's bucket pays. */
export const isHealth = (path: string | undefined): boolean => path?.startsWith('/health') === true;

const WEIGHT = 'lexecon:limit';
const one: Cost = () => 1;

/** Puts a route in another class than the one it would have (see classOf), or lets it count more than once. */
export const Limited = (routeClass: RouteClass, cost: Cost = one): MethodDecorator =>
  SetMetadata<string, Weight>(WEIGHT, { routeClass, cost });

const reflector = new Reflector();
type Handler = ReturnType<ExecutionContext['getHandler']>;
const known = new WeakMap<Handler, Weight>();

/** The class of a route: what @Limited says; else `sign-in` for public routes under /api/v1/auth, `read` for GET and HEAD,
 *  `write` for the rest. */
export function weightOf(handler: Handler, method: string, path: string): Weight {
  const before = known.get(handler);
  if (before) return before;
  const said = reflector.get<Weight | undefined>(WEIGHT, handler);
  const weight = said ?? { routeClass: derived(handler, method, path), cost: one };
  known.set(handler, weight);
  return weight;
}

function derived(handler: Handler, method: string, path: string): RouteClass {
  const access = reflector.get<Access | undefined>(ACCESS, handler);
  if (access === 'public' && path.startsWith('/api/v1/auth/')) return 'sign-in';
  return method === 'GET' || method === 'HEAD' ? 'read' : 'write';
}
