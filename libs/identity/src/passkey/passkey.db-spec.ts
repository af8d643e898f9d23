import { randomBytes } from 'node:crypto';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { recordingLog, refusal } from '../identity.testing.js';
import {
  challengeFor,
  comingFrom,
  personWithApp,
  personWithPassword,
  principalOf,
  sessionSettings,
  signInServices,
  type SignInServices,
} from '../sign-in/sign-in.testing.js';
import { type Oddity, SoftwarePasskey } from './software-passkey.js';
import type { RegistrationOptions } from './webauthn.js';

const SITE = { origin: 'https://lexecon.example', domain: 'lexecon.example' };
const here = comingFrom('192.0.2.77');
const bytesOf = (challenge: string): Buffer => Buffer.from(challenge, 'base64url');

describe('passkeys', () => {
  let database: TestDatabase;
  let services: SignInServices;
  const { log, entries } = recordingLog();

  beforeAll(async () => {
    database = await testDatabase();
    services = signInServices(database.dataSource, log);
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    entries.length = 0;
    await database.dataSource.query('DELETE FROM resilience.bucket');
  });

  const begin = async (person: { readonly id: string; readonly email: string }) => {
    const { enrolment } = await database.dataSource.transaction((tx) => services.enrolments.begin(tx, person));
    return { enrolment, options: await services.enrolments.passkeyOptions(enrolment) };
  };

  /** Somebody whose one second factor is a passkey. */
  async function holder() {
    const person = await personWithPassword(database, services);
    const passkey = new SoftwarePasskey(SITE, person.id);
    const { enrolment, options } = await begin(person);
    const attestation = passkey.attest(bytesOf(options.challenge));
    const enrolled = await services.enrolments.confirmPasskey(enrolment, { attestation, label: 'laptop' }, here);
    return { ...person, ...enrolled, passkey };
  }

  /** Signs in with the passkey alone. */
  async function alone(passkey: SoftwarePasskey, odd: Oddity = {}) {
    const { challenge } = await services.signIn.passkeyOptions();
    return services.signIn.passkey(passkey.assert(bytesOf(challenge), odd), 'bearer', here);
  }

  it('are asked to verify the person, to be discoverable, and for no attestation', async () => {
    const person = await personWithPassword(database, services);
    const { options } = await begin(person);
    expect(options).toMatchObject({
      rp: { id: 'lexecon.example', name: 'Lexecon' },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: [],
    } satisfies Partial<RegistrationOptions>);
    expect(bytesOf(options.challenge)).toHaveLength(32);
    expect(await services.signIn.passkeyOptions()).toMatchObject({
      rpId: 'lexecon.example',
      userVerification: 'required',
      allowCredentials: [],
    });
  });

  it('can be the first second factor: with recovery codes and a fresh session', async () => {
    const { token, recoveryCodes } = await holder();
    expect(recoveryCodes).toHaveLength(10);
    expect((await principalOf(services, token)).fresh).toBe(true);
    expect(entries.map((entry) => entry.public)).toEqual([
      expect.objectContaining({ event: 'factor-enrolled', factor: 'passkey' }),
    ]);
  });

  it('sign in after the password, and the login says so', async () => {
    const { email, passkey } = await holder();
    const { challenge, factors, passkey: options } = await challengeFor(services, email);
    expect(factors).toEqual(['passkey', 'recovery-code']);
    const assertion = passkey.assert(bytesOf(options?.challenge ?? ''));
    const session = await services.signIn.secondFactor(challenge, { assertion }, here);
    expect(session.token).toMatch(/^lxs_/);
  });

  it('sign in alone', async () => {
    const { id, passkey } = await holder();
    const { token } = await alone(passkey);
    expect((await principalOf(services, token)).id).toBe(id);
    expect(entries.at(-1)?.public).toMatchObject({ event: 'login', proof: 'passkey' });
  });

  it.each<readonly [string, Oddity]>([
    ['that did not verify the person', { verified: false }],
    ['for another site', { origin: 'https://lexecon.example.evil.test' }],
    ['for a neighbouring site', { origin: 'https://app.lexecon.example' }],
    ['for another domain', { domain: 'evil.test' }],
    ['from inside another page', { crossOrigin: true }],
    ['that does not say whose it is', { userHandle: null }],
    ['that says it is somebody else’s', { userHandle: Buffer.alloc(16, 7).toString('base64url') }],
  ])('are refused with a signature %s', async (_, odd) => {
    const { passkey } = await holder();
    expect(await refusal(alone(passkey, odd))).toBe(401);
    expect(await refusal(alone(passkey))).toBe(0);
  });

  it.each<readonly [string, Oddity]>([
    ['that did not verify the person', { verified: false }],
    ['for another site', { origin: 'https://evil.test' }],
    ['for another domain', { domain: 'evil.test' }],
    ['from inside another page', { crossOrigin: true }],
  ])('are not registered with an answer %s', async (_, odd) => {
    const person = await personWithPassword(database, services);
    const { enrolment, options } = await begin(person);
    const attestation = new SoftwarePasskey(SITE, person.id).attest(bytesOf(options.challenge), odd);
    const confirmed = services.enrolments.confirmPasskey(enrolment, { attestation, label: 'x' }, here);
    expect(await refusal(confirmed)).toBe(401);
  });

  it('are refused when their counter goes back or stands still: a copy has signed', async () => {
    const { passkey } = await holder();
    expect(await refusal(alone(passkey, { counter: 5 }))).toBe(0);
    expect(await refusal(alone(passkey, { counter: 5 }))).toBe(401);
    expect(await refusal(alone(passkey, { counter: 4 }))).toBe(401);
    expect(await refusal(alone(passkey, { counter: 6 }))).toBe(0);
  });

  it('let one of 20 copies in that sign the same count at the same time', async () => {
    const { passkey } = await holder();
    const tries = await Promise.all(Array.from({ length: 20 }, () => refusal(alone(passkey, { counter: 9 }))));
    expect(tries.filter((status) => status === 0)).toHaveLength(1);
    expect(tries.filter((status) => status === 401)).toHaveLength(19);
  });

  it('answer a challenge once, of 20 who send one answer at the same time', async () => {
    const { passkey } = await holder();
    const { challenge } = await services.signIn.passkeyOptions();
    const assertion = passkey.assert(bytesOf(challenge), { counter: 0 });
    const send = () => refusal(services.signIn.passkey(assertion, 'bearer', here));
    const tries = await Promise.all(Array.from({ length: 20 }, send));
    expect(tries.filter((status) => status === 0)).toHaveLength(1);
    expect(await send()).toBe(401);
  });

  it('answer only a challenge of ours, not too old, and given for what it is used for', async () => {
    const { id, passkey, email } = await holder();
    const unknown = passkey.assert(randomBytes(32));
    expect(await refusal(services.signIn.passkey(unknown, 'bearer', here))).toBe(401);
    const { passkey: forLogin } = await challengeFor(services, email);
    const crossed = passkey.assert(bytesOf(forLogin?.challenge ?? ''));
    expect(await refusal(services.signIn.passkey(crossed, 'bearer', here))).toBe(401);
    const { challenge } = await services.signIn.passkeyOptions();
    await database.dataSource.query(
      'UPDATE identity.passkey_challenge SET expires_at = now() WHERE account_id IS NULL',
    );
    expect(await refusal(services.signIn.passkey(passkey.assert(bytesOf(challenge)), 'bearer', here))).toBe(401);
    const other = await holder();
    const { challenge: ticket, passkey: options } = await challengeFor(services, other.email);
    const foreign = passkey.assert(bytesOf(options?.challenge ?? ''));
    expect(await refusal(services.signIn.secondFactor(ticket, { assertion: foreign }, here))).toBe(401);
    expect(id).not.toBe(other.id);
  });

  it('of a person who is not active let nobody in', async () => {
    const { id, passkey } = await holder();
    await database.dataSource.query(`UPDATE identity.account SET status = 'disabled' WHERE id = $1`, [id]);
    expect(await refusal(alone(passkey))).toBe(401);
  });

  it('are several for one person, listed, removed, and the last one stays', async () => {
    const { passkey, token } = await holder();
    const by = await principalOf(services, token);
    const second = new SoftwarePasskey(SITE, by.id);
    const options = await services.factors.passkeyOptions(by);
    expect(options.excludeCredentials).toEqual([expect.objectContaining({ id: passkey.id.toString('base64url') })]);
    const attestation = second.attest(bytesOf(options.challenge));
    const { id } = await services.factors.addPasskey(by, attestation, 'phone');
    expect((await services.factors.passkeysOf(by)).map(({ label }) => label)).toEqual(['laptop', 'phone']);
    expect(await refusal(services.factors.addPasskey(by, attestation, 'phone'))).toBe(401);
    await services.factors.removePasskey(by, id);
    const [last] = await services.factors.passkeysOf(by);
    expect(await refusal(services.factors.removePasskey(by, last?.id ?? ''))).toBe(409);
    expect(await refusal(alone(second))).toBe(401);
    expect(await refusal(alone(passkey))).toBe(0);
  });

  it('are nobody else’s to register or remove', async () => {
    const one = await holder();
    const other = await principalOf(services, (await holder()).token);
    const options = await services.factors.passkeyOptions(other);
    const stolen = one.passkey.attest(bytesOf(options.challenge));
    expect(await refusal(services.factors.addPasskey(other, stolen, 'mine'))).toBe(409);
    const [theirs] = await services.factors.passkeysOf(await principalOf(services, one.token));
    expect(await refusal(services.factors.removePasskey(other, theirs?.id ?? ''))).toBe(404);
  });

  it('are not removed both at once when they are the last two', async () => {
    const by = await principalOf(services, (await holder()).token);
    const options = await services.factors.passkeyOptions(by);
    await services.factors.addPasskey(by, new SoftwarePasskey(SITE, by.id).attest(bytesOf(options.challenge)), 'two');
    const both = await services.factors.passkeysOf(by);
    const tries = await Promise.all(both.map(({ id }) => refusal(services.factors.removePasskey(by, id))));
    expect(tries.toSorted((a, b) => a - b)).toEqual([0, 409]);
    expect(await services.factors.passkeysOf(by)).toHaveLength(1);
  });

  it('need no app, and an app needs no passkey: who has one passkey begins no enrolment with a password alone', async () => {
    const { email, id } = await holder();
    expect((await challengeFor(services, email)).next).toBe('secondFactor');
    const begun = database.dataSource.transaction((tx) => services.enrolments.begin(tx, { id, email }));
    expect(await refusal(begun)).toBe(401);
  });

  it('are not offered where PUBLIC_URL names no domain', async () => {
    const bare = signInServices(database.dataSource, log, { ...sessionSettings, PUBLIC_URL: 'https://192.0.2.1' });
    expect(await refusal(() => bare.signIn.passkeyOptions())).toBe(422);
    const { email } = await personWithApp(database, services);
    expect((await challengeFor(bare, email)).factors).toEqual(['totp', 'recovery-code']);
  });
});
