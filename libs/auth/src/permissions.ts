/** Every permission there is, with what it lets its holder do. A security reviewer reads this one file. */
export const permissions = {
  'access-record:read': 'see who did what to whose access, and who read whose data: the sealed part of access events',
  'access:read': 'see people, agents, keys and their roles, and access events without their sealed part',
  'account:own': "see and end one's own sessions, prove and change one's own second factors, change one's own password",
  'access-review:decide': 'confirm or revoke what others hold, in an access review',
  'access-review:open': 'open an access review',
  'access-review:read': 'see access reviews and their reports',
  'agent:write': 'register and change agents, give and revoke their keys',
  'decision:make': 'ask for a decision about oneself',
  'decision:make-for-any': 'ask for a decision about any actor (a policy enforcement point)',
  'decision:read': 'read and search decisions, receipts, explanations; replay them',
  'ledger:read': 'read entries, proofs, tiles and checkpoints',
  'ledger:export': 'take an export bundle',
  'ledger:verify': 'start a verification of the ledger',
  'operation:read': 'see the detailed health of the service',
  'person:provision': 'make, change and end accounts of people and their groups over SCIM (an identity provider)',
  'policy:read': 'read policies and their versions',
  'policy:write': 'write policy versions, validate and test them',
  'policy:approve': 'approve a version that somebody else wrote',
  'policy:activate': 'activate and retire approved versions',
  'receipt:read': 'fetch the receipt of a decision one asked for; with decision:read of any',
  'resource:read': 'read the resource catalogue',
  'resource:delete': 'take entries out of the resource catalogue, which can only make later decisions less strict',
  'resource:write': 'add to the resource catalogue',
  'review:read': 'see reviews',
  'user:invite': 'invite people, with their first roles',
  'user:review': 'review what was done with the break-glass account',
  'user:write': 'disable, enable and delete people; give them roles and take them back; reset their passwords',
} as const satisfies Record<string, string>;

export type Permission = keyof typeof permissions;

const readEverything = [
  'access:read',
  'access-review:read',
  'decision:read',
  'ledger:read',
  'operation:read',
  'policy:read',
  'receipt:read',
  'resource:read',
  'review:read',
] as const satisfies readonly Permission[];

/** What every person may do, whatever else. */
const own = ['account:own'] as const satisfies readonly Permission[];

/** Roles bundle permissions; nobody is given a permission but through a role. */
export const roles = {
  agent: ['decision:make', 'receipt:read'],
  gateway: ['decision:make', 'decision:make-for-any', 'receipt:read'],
  provisioner: ['person:provision'],
  'policy-author': [
    ...own,
    'policy:read',
    'policy:write',
    'resource:read',
    'resource:write',
    'decision:read',
    'receipt:read',
  ],
  'policy-approver': [
    ...own,
    'policy:read',
    'policy:approve',
    'policy:activate',
    'resource:delete',
    'resource:read',
    'decision:read',
    'receipt:read',
  ],
  reviewer: [...own, 'review:read', 'decision:read', 'receipt:read'],
  'privacy-officer': [...own, 'decision:read', 'receipt:read', 'ledger:read', 'resource:read'],
  'compliance-officer': [
    ...own,
    ...readEverything,
    'access-record:read',
    'access-review:decide',
    'access-review:open',
    'ledger:export',
    'ledger:verify',
    'user:review',
  ],
  auditor: [...own, ...readEverything, 'access-record:read', 'ledger:export', 'ledger:verify'],
  operator: [...own, 'operation:read', 'ledger:read', 'ledger:verify', 'access:read'],
  admin: [
    ...own,
    'access-record:read',
    'access-review:decide',
    'access-review:open',
    'access-review:read',
    'access:read',
    'agent:write',
    'user:invite',
    'user:review',
    'user:write',
    'operation:read',
    'resource:read',
  ],
} as const satisfies Record<string, readonly Permission[]>;

export type Role = keyof typeof roles;

export const isRole = (name: string): name is Role => Object.hasOwn(roles, name);

/** What the holder of these roles may do; names that are no roles give nothing. */
export function permissionsOf(names: readonly string[]): ReadonlySet<Permission> {
  return new Set(names.filter(isRole).flatMap((name): readonly Permission[] => roles[name]));
}
