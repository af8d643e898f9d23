import type { JsonObject } from './shape.js';

export type Sensitivity = 'public' | 'internal' | 'confidential' | 'restricted';
/** From least to most sensitive. */
export const SENSITIVITIES = [
  'public',
  'internal',
  'confidential',
  'restricted',
] as const satisfies readonly Sensitivity[];

export type ActorRef = { readonly type: string; readonly id: string };

/** What a decision is made from. An absent member is a fact nobody stated, which never helps (see `evaluate`). */
export interface Facts {
  readonly actor: {
    readonly type: string;
    readonly id: string;
    readonly registered: boolean;
    /** Switched off or killed: denied whatever the policies say. */
    readonly disabled?: boolean | undefined;
    /** From the registration. Not looked at when the actor is not registered. */
    readonly roles: readonly string[];
    /** From the registration. Not looked at when the actor is not registered. */
    readonly attributes: JsonObject;
    /** What the caller says. */
    readonly properties: JsonObject;
    readonly onBehalfOf?: ActorRef | undefined;
  };
  readonly action: { readonly name: string; readonly properties: JsonObject };
  readonly resource: {
    readonly type: string;
    readonly id: string;
    readonly dataClasses?: readonly string[] | undefined;
    readonly sensitivity?: Sensitivity | undefined;
    readonly properties: JsonObject;
  };
  readonly context: {
    readonly intent?: string | undefined;
    /** 0 to 100. */
    readonly riskScore?: number | undefined;
    readonly environment?: string | undefined;
    readonly dataClasses?: readonly string[] | undefined;
    readonly attributes: JsonObject;
  };
}

/** What the caller says: the body of a decision request, `actor` filled in. */
export interface RequestedFacts {
  readonly actor: ActorRef & {
    readonly properties?: JsonObject | undefined;
    readonly onBehalfOf?: ActorRef | undefined;
  };
  readonly action: { readonly name: string; readonly properties?: JsonObject | undefined };
  readonly resource: ActorRef & {
    readonly sensitivity?: Sensitivity | undefined;
    readonly properties?: JsonObject | undefined;
  };
  readonly context?:
    | {
        readonly intent?: string | undefined;
        readonly riskScore?: number | undefined;
        readonly environment?: string | undefined;
        readonly dataClasses?: readonly string[] | undefined;
        readonly attributes?: JsonObject | undefined;
      }
    | undefined;
}

/** What the server knows. `actor` and `resource` are absent when they are not registered or not in the catalogue. */
export interface KnownFacts {
  readonly actor?:
    | {
        readonly roles: readonly string[];
        readonly attributes: JsonObject;
        readonly disabled?: boolean | undefined;
      }
    | undefined;
  readonly resource?:
    { readonly dataClasses: readonly string[]; readonly sensitivity?: Sensitivity | undefined } | undefined;
  /** 0 to 100, when the server has a score of its own. */
  readonly riskScore?: number | undefined;
}

/**
 * Joins what the caller says with what the server knows, which always wins: roles and attributes only from the
 * registration; data classes the union of both, the same for `resource` and `context`; sensitivity and risk the higher.
 * An empty list of data classes from the caller counts as absent unless the catalogue has the resource.
 */
export function mergeFacts(request: RequestedFacts, known: KnownFacts): Facts {
  const { actor, action, resource, context = {} } = request;
  const dataClasses = mergedClasses(context.dataClasses, known.resource?.dataClasses);
  return {
    actor: {
      type: actor.type,
      id: actor.id,
      registered: known.actor !== undefined,
      disabled: known.actor?.disabled ?? false,
      roles: known.actor?.roles ?? [],
      attributes: known.actor?.attributes ?? {},
      properties: actor.properties ?? {},
      onBehalfOf: actor.onBehalfOf && { type: actor.onBehalfOf.type, id: actor.onBehalfOf.id },
    },
    action: { name: action.name, properties: action.properties ?? {} },
    resource: {
      type: resource.type,
      id: resource.id,
      dataClasses,
      sensitivity: higher(resource.sensitivity, known.resource?.sensitivity),
      properties: resource.properties ?? {},
    },
    context: {
      intent: context.intent,
      riskScore: highest(context.riskScore, known.riskScore),
      environment: context.environment,
      dataClasses,
      attributes: context.attributes ?? {},
    },
  };
}

function mergedClasses(
  said: readonly string[] = [],
  known: readonly string[] | undefined,
): readonly string[] | undefined {
  if (known === undefined) return said.length > 0 ? said : undefined;
  const more = said.filter((name) => !known.includes(name));
  return more.length > 0 ? [...known, ...new Set(more)] : known;
}

function higher(a: Sensitivity | undefined, b: Sensitivity | undefined): Sensitivity | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return SENSITIVITIES.indexOf(a) > SENSITIVITIES.indexOf(b) ? a : b;
}

function highest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}
