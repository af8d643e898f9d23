export const schemas = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  list: 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
  patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
  error: 'urn:ietf:params:scim:api:messages:2.0:Error',
} as const;

/** The content type of SCIM, in both directions. */
export const SCIM_JSON = 'application/scim+json';

export interface Stamped {
  readonly id: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly version: number;
}

export interface UserRow extends Stamped {
  readonly userName: string;
  readonly externalId: string | null;
  readonly displayName: string | null;
  readonly givenName: string | null;
  readonly familyName: string | null;
  readonly email: string;
  /** What the directory says. */
  readonly active: boolean;
  /** Whether the account may be used: an administrator may have disabled it. */
  readonly effective: boolean;
}

export interface GroupRow extends Stamped {
  readonly displayName: string;
  readonly externalId: string | null;
}

/** A resource as it is answered (RFC 7643). */
export type Resource = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly meta: { readonly location: string; readonly version: string };
};

export const etagOf = (version: number): string => `W/"${String(version)}"`;

/** The version an If-Match names: undefined when there is none, or it is `*`; one that no resource has when it is none of ours. */
export const versionOf = (ifMatch: string | undefined): number | undefined => {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const [, version] = /^\s*(?:W\/)?"(\d{1,15})"\s*$/.exec(ifMatch) ?? [];
  return version === undefined ? -1 : Number(version);
};

export const userResource = (user: UserRow, base: string): Resource => ({
  schemas: [schemas.user],
  id: user.id,
  ...(user.externalId !== null && { externalId: user.externalId }),
  userName: user.userName,
  ...(user.displayName !== null && { displayName: user.displayName }),
  ...((user.givenName ?? user.familyName) !== null && {
    name: {
      ...(user.givenName !== null && { givenName: user.givenName }),
      ...(user.familyName !== null && { familyName: user.familyName }),
    },
  }),
  emails: [{ value: user.email, type: 'work', primary: true }],
  active: user.effective,
  meta: metaOf('User', user, base),
});

export const groupResource = (group: GroupRow, members: readonly string[], base: string): Resource => ({
  schemas: [schemas.group],
  id: group.id,
  ...(group.externalId !== null && { externalId: group.externalId }),
  displayName: group.displayName,
  members: members.map((id) => ({ value: id, $ref: `${base}/scim/v2/Users/${id}`, type: 'User' })),
  meta: metaOf('Group', group, base),
});

const metaOf = (resourceType: 'User' | 'Group', { id, createdAt, updatedAt, version }: Stamped, base: string) => ({
  resourceType,
  created: createdAt.toISOString(),
  lastModified: updatedAt.toISOString(),
  location: `${base}/scim/v2/${resourceType}s/${id}`,
  version: etagOf(version),
});

export interface ListResponse {
  readonly schemas: readonly string[];
  readonly totalResults: number;
  readonly startIndex: number;
  readonly itemsPerPage: number;
  readonly Resources: readonly object[];
}

export const listResponse = (totalResults: number, startIndex: number, resources: readonly object[]): ListResponse => ({
  schemas: [schemas.list],
  totalResults,
  startIndex,
  itemsPerPage: resources.length,
  Resources: resources,
});

export interface Selection {
  readonly attributes?: string | undefined;
  readonly excludedAttributes?: string | undefined;
}

const always = new Set(['schemas', 'id', 'meta']);

/** The resource with the attributes that are asked for; a part of one (`name.givenName`) stands for the whole. */
export function selected(resource: Resource, { attributes, excludedAttributes }: Selection): object {
  const wanted = namesIn(attributes);
  const unwanted = namesIn(excludedAttributes);
  if (!wanted && !unwanted) return resource;
  return Object.fromEntries(
    Object.entries(resource).filter(
      ([name]) =>
        always.has(name) || (wanted ? wanted.has(name.toLowerCase()) : unwanted?.has(name.toLowerCase()) !== true),
    ),
  );
}

function namesIn(list: string | undefined): ReadonlySet<string> | undefined {
  if (list === undefined || list.trim() === '') return undefined;
  const names = list.split(',').map((name) =>
    name
      .trim()
      .toLowerCase()
      .replace(/^urn:[\w.:]+:/, ''),
  );
  return new Set(names.map((name) => name.split('.')[0] ?? name));
}
