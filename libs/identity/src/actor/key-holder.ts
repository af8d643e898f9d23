import { type Permission, permissionsOf, type Principal } from '@lexecon/auth';
import type { ActorType, KeyRole } from './actor.js';

/** An actor as its credentials know it. */
export interface KeyHolder {
  readonly id: string;
  readonly type: ActorType;
  readonly name: string;
  readonly roles: readonly string[];
  readonly disabled: boolean;
  /** Unix milliseconds from which its credentials stop because nobody looked at it again; Infinity when they do not. */
  readonly stopsAt: number;
}

/** Whom credentials of this role, limited to `scopes` unless that is null, let in. A disabled holder may still ask about itself, so
 *  that the attempt is denied on record; it speaks for nobody else. A gateway's or provisioner's credentials are that only while
 *  their holder is registered with the role. */
export function principalOf(holder: KeyHolder, role: KeyRole, scopes: readonly string[] | null): Principal {
  const roles = [holder.roles.includes(role) && !holder.disabled ? role : 'agent'];
  const { id, name } = holder;
  return { kind: 'agent', id, name, roles, permissions: limited(permissionsOf(roles), scopes), fresh: false };
}

function limited(permissions: ReadonlySet<Permission>, scopes: readonly string[] | null): ReadonlySet<Permission> {
  return scopes ? new Set([...permissions].filter((permission) => scopes.includes(permission))) : permissions;
}
