import { schemas } from './scim.resource.js';

interface Named {
  readonly id: string;
}

const core = 'urn:ietf:params:scim:schemas:core:2.0';

export const serviceProviderConfig = (base: string): object => ({
  schemas: [`${core}:ServiceProviderConfig`],
  documentationUri: `${base}/docs`,
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: 100 },
  changePassword: { supported: false },
  sort: { supported: false },
  etag: { supported: true },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'API key',
      description: 'The API key of a service that is registered with the role provisioner, as bearer token',
      primary: true,
    },
  ],
  meta: { resourceType: 'ServiceProviderConfig', location: `${base}/scim/v2/ServiceProviderConfig` },
});

export const resourceTypes = (base: string): readonly (Named & object)[] =>
  (['User', 'Group'] as const).map((name) => ({
    schemas: [`${core}:ResourceType`],
    id: name,
    name,
    endpoint: `/${name}s`,
    schema: name === 'User' ? schemas.user : schemas.group,
    meta: { resourceType: 'ResourceType', location: `${base}/scim/v2/ResourceTypes/${name}` },
  }));

interface Attribute {
  readonly name: string;
  readonly type?: 'string' | 'boolean' | 'complex' | 'reference';
  readonly required?: boolean;
  readonly multiValued?: boolean;
  readonly uniqueness?: 'none' | 'server';
  readonly mutability?: 'readWrite' | 'readOnly' | 'immutable';
  readonly subAttributes?: readonly Attribute[];
}

const described = ({ name, type = 'string', subAttributes, ...more }: Attribute): object => ({
  name,
  type,
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
  ...more,
  ...(subAttributes && { subAttributes: subAttributes.map(described) }),
});

const value: Attribute = { name: 'value' };
const userAttributes: readonly Attribute[] = [
  { name: 'userName', required: true, uniqueness: 'server' },
  { name: 'externalId' },
  { name: 'displayName' },
  { name: 'name', type: 'complex', subAttributes: [{ name: 'givenName' }, { name: 'familyName' }] },
  {
    name: 'emails',
    type: 'complex',
    multiValued: true,
    subAttributes: [value, { name: 'type' }, { name: 'primary', type: 'boolean' }],
  },
  { name: 'active', type: 'boolean' },
];
const groupAttributes: readonly Attribute[] = [
  { name: 'displayName', required: true, uniqueness: 'server' },
  { name: 'externalId' },
  {
    name: 'members',
    type: 'complex',
    multiValued: true,
    subAttributes: [
      { ...value, mutability: 'immutable' },
      { name: '$ref', type: 'reference', mutability: 'immutable' },
      { name: 'type', mutability: 'immutable' },
    ],
  },
];

export const schemaDocuments = (base: string): readonly (Named & object)[] =>
  (
    [
      ['User', schemas.user, userAttributes],
      ['Group', schemas.group, groupAttributes],
    ] as const
  ).map(([name, id, attributes]) => ({
    schemas: [`${core}:Schema`],
    id,
    name,
    description: `${name}s, as far as they are kept`,
    attributes: attributes.map(described),
    meta: { resourceType: 'Schema', location: `${base}/scim/v2/Schemas/${id}` },
  }));
