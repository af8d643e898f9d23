import { hash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuid7 } from 'uuid';
import { type ProblemError, unprocessable } from '@lexecon/auth';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { conflict, notAccepted } from '../refusal.js';
import { publicOriginOf } from '../session/public-origin.js';
import type { Assertion, Attestation, ChallengePurpose, Passkey, PasskeySummary } from './passkey.js';
import {
  insertChallenge,
  insertPasskey,
  passkeyOfCredential,
  passkeysOf,
  useChallenge,
  usePasskey,
} from './passkey.queries.js';
import {
  type AssertionOptions,
  assertionOptions,
  challengeOf,
  type NewPasskey,
  type RegistrationOptions,
  registrationOptions,
  type Site,
  verifiedAssertion,
  verifiedRegistration,
} from './webauthn.js';

const CHALLENGE_BYTES = 32;
const CHALLENGE_MINUTES = 5;

/** A passkey that signed our challenge. `use` notes that in the transaction that acts on it. */
export interface ProvenPasskey {
  readonly passkey: Passkey;
  /** False when the passkey is gone, or another signature with this count was taken meanwhile. */
  readonly use: (tx: EntityManager) => Promise<boolean>;
}

/** Passkeys of people: WebAuthn ceremonies whose challenges live here, each for one try. */
@Injectable()
export class PasskeyService {
  readonly #site: Site | null;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(SETTINGS) { PUBLIC_URL }: Pick<IdentitySettings, 'PUBLIC_URL'>,
  ) {
    const { origin = '', passkeyDomain: domain = null } = publicOriginOf(PUBLIC_URL ?? '') ?? {};
    this.#site = domain === null ? null : { origin, domain };
  }

  /** Whether passkeys can be had: PUBLIC_URL names a domain. */
  get offered(): boolean {
    return this.#site !== null;
  }

  /** What the browser needs to make a passkey for this person. Throws ProblemError 422 when passkeys are not offered. */
  async beginRegistration(
    purpose: ChallengePurpose,
    person: { readonly id: string; readonly email: string },
  ): Promise<RegistrationOptions> {
    const site = this.#siteOrRefuse();
    const { manager } = this.dataSource;
    const known = await passkeysOf(manager, person.id);
    return registrationOptions(site, await this.#challenge(manager, purpose, person.id), person, known);
  }

  /** What the browser needs to use a passkey: one of this account, or, without one, any it has for this site. */
  async beginAssertion(
    purpose: ChallengePurpose,
    accountId: string | null,
    db = this.dataSource.manager,
  ): Promise<AssertionOptions> {
    const site = this.#siteOrRefuse();
    const known = accountId === null ? [] : await passkeysOf(db, accountId);
    return assertionOptions(site, await this.#challenge(db, purpose, accountId), known);
  }

  /** Throws ProblemError 401 when it does not answer a challenge that was given for this, or is not in order. */
  async verifyRegistration(purpose: ChallengePurpose, accountId: string, given: Attestation): Promise<NewPasskey> {
    const site = this.#siteOrRefuse();
    const challenge = await this.#taken(purpose, accountId, given);
    const passkey = challenge && (await verifiedRegistration(site, challenge, given));
    if (!passkey) throw refused();
    return passkey;
  }

  /** Null unless it answers a challenge that was given for this, with a passkey of this account (`accountId` null: of anybody). */
  async verifyAssertion(
    purpose: ChallengePurpose,
    accountId: string | null,
    given: Assertion,
  ): Promise<ProvenPasskey | null> {
    const site = this.#siteOrRefuse();
    const challenge = await this.#taken(purpose, accountId, given);
    if (!challenge) return null;
    const passkey = await passkeyOfCredential(this.dataSource.manager, Buffer.from(given.id, 'base64url'));
    if (!passkey || (accountId ?? passkey.accountId) !== passkey.accountId) return null;
    // Alone, the passkey has to say itself whose it is.
    if (accountId === null && given.userHandle === undefined) return null;
    const verified = await verifiedAssertion(site, challenge, given, passkey);
    if (!verified) return null;
    return { passkey, use: (tx) => usePasskey(tx, passkey.id, verified.counter, verified.backedUp) };
  }

  /** Throws ProblemError 409 when the credential is registered already. */
  async add(tx: EntityManager, accountId: string, label: string, given: NewPasskey): Promise<PasskeySummary> {
    const made = await insertPasskey(tx, { ...given, id: uuid7(), accountId, label });
    if (!made) throw conflict('This passkey is registered already.');
    return made;
  }

  async #challenge(db: EntityManager, purpose: ChallengePurpose, accountId: string | null): Promise<Buffer> {
    const challenge = randomBytes(CHALLENGE_BYTES);
    await insertChallenge(db, hashOf(challenge), purpose, accountId, CHALLENGE_MINUTES);
    return challenge;
  }

  /** The challenge that was answered, used up. */
  async #taken(
    purpose: ChallengePurpose,
    accountId: string | null,
    given: Pick<Assertion, 'clientDataJSON'>,
  ): Promise<Buffer | null> {
    const challenge = challengeOf(given);
    if (!challenge) return null;
    return (await useChallenge(this.dataSource.manager, hashOf(challenge), purpose, accountId)) ? challenge : null;
  }

  #siteOrRefuse(): Site {
    if (!this.#site) throw unprocessable([{ pointer: '', detail: 'passkeys need PUBLIC_URL to name a domain' }]);
    return this.#site;
  }
}

const hashOf = (challenge: Buffer): Buffer => hash('sha256', challenge, 'buffer');

const refused = (): ProblemError =>
  notAccepted('The passkey was not accepted: begin again, and let the device verify you.');
