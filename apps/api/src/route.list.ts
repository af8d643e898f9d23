import { type INestApplicationContext, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { ACCESS, type Access, FRESH, READS } from '@lexecon/auth';

export interface Route {
  /** As the code names it: `DecisionController.decide`. */
  readonly name: string;
  readonly method: string;
  /** As the API document writes it: `/api/v1/decisions/{id}`. */
  readonly path: string;
  /** Undefined for a route that says neither @Requires nor @Public. */
  readonly access: Access | undefined;
  /** Whether it wants a fresh second factor. */
  readonly fresh: boolean;
  /** Whether its answers go on record as reads of personal data. */
  readonly onRecord: boolean;
}

/** Every route of every controller, by path. Reads declarations only, so the application may be a preview. */
export function routesOf(app: INestApplicationContext): readonly Route[] {
  const controllers = [...app.get(ModulesContainer).values()].flatMap((module) => [...module.controllers.values()]);
  return controllers
    .flatMap(({ metatype, name }) => (metatype ? routesOfController(metatype, String(name)) : []))
    .sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

function routesOfController(controller: object, name: string): readonly Route[] {
  const { prototype } = controller as { readonly prototype: Readonly<Record<string, object>> };
  const base = pathsOf(controller);
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((member) => {
    const handler = prototype[member];
    if (!handler || !Reflect.hasMetadata(PATH_METADATA, handler)) return [];
    const method = String(RequestMethod[Number(Reflect.getMetadata(METHOD_METADATA, handler))]);
    const access = Reflect.getMetadata(ACCESS, handler) as Access | undefined;
    const fresh = Reflect.getMetadata(FRESH, handler) === true;
    const onRecord = Reflect.hasMetadata(READS, handler);
    return base.flatMap((front) =>
      pathsOf(handler).map((back) => ({
        name: `${name}.${member}`,
        method,
        path: joined(front, back),
        access,
        fresh,
        onRecord,
      })),
    );
  });
}

function pathsOf(declared: object): readonly string[] {
  const path: unknown = Reflect.getMetadata(PATH_METADATA, declared);
  return Array.isArray(path) ? path.map(String) : [typeof path === 'string' ? path : ''];
}

const joined = (front: string, back: string): string =>
  `/${[front, back]
    .flatMap((path) => path.split('/'))
    .filter(Boolean)
    .join('/')}`.replaceAll(/:(\w+)/g, '{$1}');

const order = ({ path, method }: Route): string => `${path} ${method}`;
