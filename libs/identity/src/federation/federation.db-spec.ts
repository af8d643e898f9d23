import type { Principal } from '@lexecon/auth';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { Breakers } from '@lexecon/resilience';
import { ActorRegistry } from '../actor/actor-registry.js';
import { ActorService, type NewActor } from '../actor/actor.service.js';
import { CredentialUses } from '../actor/credential-use.js';
import { CredentialUseTask } from '../actor/credential-use.task.js';
import { administrator, noSwitch, recordingLog, refusal, within } from '../identity.testing.js';
import { FederatedTokens } from './federated-tokens.js';
import { claims, inSeconds, issuerOf, sign, type Signer, signer } from './federation.testing.js';
import { FederationService } from './federation.service.js';

const HERE = '192.0.2.7';
const ISSUER = 'https://issuer.example';

describe('agents that come in by tokens of pinned issuers', () => {
  let database: TestDatabase;
  let own: Signer;
  let here: Replica;
  let elsewhere: Replica;
  let actors: ActorService;
  let federations: FederationService;
  const { log, entries } = recordingLog();

  interface Replica {
    readonly registry: ActorRegistry;
    readonly uses: CredentialUses;
    readonly tokens: FederatedTokens;
  }
  const replica = async (): Promise<Replica> => {
    const uses = new CredentialUses();
    const registry = new ActorRegistry(database.dataSource, uses, {});
    await registry.onModuleInit();
    const keys = { keys: [own.jwk] };
    const issuers = [
      issuerOf({ keys }),
      issuerOf({ issuer: 'https://scoped.example', keys, scopeClaim: 'scope' }),
      issuerOf({ issuer: 'https://staging.example', keys, environment: 'staging' }),
    ];
    const settings = { AGENT_ISSUERS_FILE: issuers, API_KEY_ENVIRONMENT: 'test' };
    return { registry, uses, tokens: new FederatedTokens(registry, uses, new Breakers(), settings) };
  };

  beforeAll(async () => {
    database = await testDatabase();
    own = await signer('own');
    [here, elsewhere] = await Promise.all([replica(), replica()]);
    actors = new ActorService(database.dataSource, log, here.registry, noSwitch);
    federations = new FederationService(database.dataSource, log, here.registry, here.tokens);
  });
  afterAll(async () => {
    for (const { registry } of [here, elsewhere]) registry.onModuleDestroy();
    await database.drop();
  });

  const bot = async (name: string, more: Partial<NewActor> = {}): Promise<string> =>
    (await actors.register(administrator, { type: 'agent', name, owner: 'team', purpose: 'tests', ...more })).id;
  const federated = async (subject: string, more: Partial<NewActor> = {}, issuer = ISSUER) => {
    const actorId = await bot(subject, more);
    return { actorId, federation: await federations.add(administrator, actorId, { issuer, subject }) };
  };
  const tokenFor = (sub: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> =>
    sign(claims({ sub, ...more }), own);
  const comesIn = async (token: string, at = here): Promise<Principal | null> => at.tokens.principalOf(token, HERE);

  it('are those that are mapped, and nobody else', async () => {
    const { actorId } = await federated('mapped');
    const principal = await comesIn(await tokenFor('mapped'));
    expect(principal).toMatchObject({ kind: 'agent', id: actorId, name: 'mapped', roles: ['agent'], fresh: false });
    expect(principal).not.toHaveProperty('onBehalfOf');
    await bot('unmapped');
    for (const sub of ['unmapped', 'Mapped', 'mapped ', 'constructor'])
      expect(await comesIn(await tokenFor(sub))).toBeNull();
    expect(await comesIn(await tokenFor('mapped', { iss: 'https://scoped.example' }))).toBeNull();
    expect(await comesIn(await tokenFor('mapped', { iss: 'https://nobody.example' }))).toBeNull();
    expect(await comesIn(await tokenFor('mapped', { iss: 'https://staging.example' }))).toBeNull();
  });

  it('are the same for every use of a token, until it expires', async () => {
    await federated('cached');
    const token = await tokenFor('cached', { exp: inSeconds(-29), iat: inSeconds(-60) });
    const first = await comesIn(token);
    expect(first).not.toBeNull();
    expect(here.tokens.principalOf(token, HERE)).toBe(first);
    await within(2_000, () => here.tokens.principalOf(token, HERE) !== first);
    expect(await comesIn(token)).toBeNull();
  });

  it('are shut out on every replica within a second of the end of the mapping, whatever time their token has left', async () => {
    const { actorId, federation } = await federated('leaving');
    const token = await tokenFor('leaving');
    const known = await comesIn(token);
    expect(known).not.toBeNull();
    await elsewhere.registry.refresh();
    expect(await comesIn(token, elsewhere)).not.toBeNull();
    await federations.remove(administrator, actorId, federation.id);
    expect(here.tokens.principalOf(token, HERE)).toBeNull();
    await within(1_000, () => elsewhere.tokens.principalOf(token, HERE) === null);
    expect(await refusal(federations.remove(administrator, actorId, federation.id))).toBe(404);
    await federations.add(administrator, actorId, { issuer: ISSUER, subject: 'leaving' });
    expect(await comesIn(token)).not.toBeNull();
  });

  it('speak for nobody else once they are disabled', async () => {
    const { actorId } = await federated('pep', { type: 'service', roles: ['gateway'] });
    const token = await tokenFor('pep');
    expect((await comesIn(token))?.permissions.has('decision:make-for-any')).toBe(true);
    await actors.change(administrator, actorId, { status: 'disabled' });
    expect((await comesIn(token))?.permissions.has('decision:make-for-any')).toBe(false);
  });

  it('may do what both their role and their token’s scope allow', async () => {
    await federated('scoped', {}, 'https://scoped.example');
    const permissions = async (scope: unknown): Promise<readonly string[]> => [
      ...((await comesIn(await tokenFor('scoped', { iss: 'https://scoped.example', scope })))?.permissions ?? []),
    ];
    expect(await permissions('decision:make agent:write')).toEqual(['decision:make']);
    expect(await permissions('agent:write')).toEqual([]);
    expect(await permissions(undefined)).toEqual([]);
  });

  it('act for the person whom their token names', async () => {
    await federated('delegate');
    const token = await tokenFor('u-1842', { act: { sub: 'delegate' } });
    expect(await comesIn(token)).toMatchObject({ name: 'delegate', onBehalfOf: { type: 'user', id: 'u-1842' } });
    const reversed = await tokenFor('delegate', { act: { sub: 'u-1842' } });
    expect(await comesIn(reversed)).toBeNull();
  });

  it('are mapped once a name, by pinned issuers only, and with roles they are registered with', async () => {
    const { actorId } = await federated('once');
    const other = await bot('other');
    const add = (more: object) =>
      refusal(federations.add(administrator, other, { issuer: ISSUER, subject: 'once', ...more }));
    expect(await add({})).toBe(409);
    expect(await add({ issuer: 'https://nobody.example' })).toBe(422);
    expect(await add({ issuer: 'https://staging.example' })).toBe(422);
    expect(await add({ subject: 'x', role: 'gateway' })).toBe(422);
    const user = await bot('u-9', { type: 'user' });
    expect(await refusal(federations.add(administrator, user, { issuer: ISSUER, subject: 'u-9' }))).toBe(422);
    expect(await refusal(federations.remove(administrator, other, 'no-uuid'))).toBe(404);
    const tries = Array.from({ length: 20 }, () => add({ subject: 'race' }));
    expect((await Promise.all(tries)).toSorted((a, b) => a - b)).toEqual([0, ...Array<number>(19).fill(409)]);
    expect(await federations.list(actorId)).toEqual([
      expect.objectContaining({ issuer: ISSUER, subject: 'once', role: 'agent', lastUsedAt: null }),
    ]);
  });

  it('are on record when they are mapped, first come in, and are no longer mapped', async () => {
    entries.length = 0;
    const { actorId, federation } = await federated('recorded');
    await comesIn(await tokenFor('recorded'));
    await new CredentialUseTask(database.dataSource, log, here.uses).writeFirst();
    await federations.remove(administrator, actorId, federation.id);
    const actor = { type: 'agent', id: 'recorded' };
    const ours = entries.filter(({ public: { federation: id } }) => id === federation.id);
    expect(ours.map((entry) => entry.public)).toEqual([
      { event: 'federation-added', federation: federation.id, issuer: ISSUER, keyRole: 'agent', actor },
      {
        event: 'key-first-used',
        federation: federation.id,
        proof: 'access-token',
        network: '192.0.2.0/24',
        by: { type: 'agent', id: 'recorded' },
        actor,
      },
      { event: 'federation-removed', federation: federation.id, actor },
    ]);
    expect(ours[0]?.sealed.map(({ fields }) => fields)).toContainEqual({ by: administrator.id, subject: 'recorded' });
  });
});
