import { generateKeyPairSync, hash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { parse } from 'uuid';
import type { Assertion, Attestation } from './passkey.js';
import type { Site } from './webauthn.js';

/** Flags of authenticator data: the user was present, and was verified; a key is attached. */
const PRESENT = 0x01;
const VERIFIED = 0x04;
const ATTACHED = 0x40;

/** {1: 2, 3: -7, -1: 1, -2: x, -3: y} in CBOR, up to x and between x and y. */
const ES256_X = Buffer.from('a5010203262001215820', 'hex');
const THEN_Y = Buffer.from('225820', 'hex');

/** What an authenticator may do otherwise than it should. */
export interface Oddity {
  readonly verified?: boolean;
  readonly origin?: string;
  readonly domain?: string;
  readonly counter?: number;
  readonly crossOrigin?: boolean;
  readonly userHandle?: string | null;
}

/** A passkey (ES256) whose private key is in this process. With it the server proves to itself, and tests prove, that what is accepted
 *  and refused is what should be. */
export class SoftwarePasskey {
  readonly id = randomBytes(32);
  readonly #keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
  });
  #counter = 0;

  constructor(
    private readonly site: Site,
    private readonly accountId: string,
  ) {}

  /** The public key as authenticators write it (COSE). */
  get publicKey(): Buffer {
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    return Buffer.concat([ES256_X, Buffer.from(x, 'base64url'), THEN_Y, Buffer.from(y, 'base64url')]);
  }

  /** The answer to a registration: format `none`. */
  attest(challenge: Buffer, odd: Oddity = {}): Attestation {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.id.length);
    const credential = Buffer.concat([Buffer.alloc(16), length, this.id, this.publicKey]);
    const data = Buffer.concat([this.#head(odd, ATTACHED), credential]);
    const size = Buffer.alloc(2);
    size.writeUInt16BE(data.length);
    // {"fmt": "none", "attStmt": {}, "authData": data}
    const head = Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746159', 'hex');
    return {
      id: this.id.toString('base64url'),
      type: 'public-key',
      clientDataJSON: this.#clientData('webauthn.create', challenge, odd),
      attestationObject: Buffer.concat([head, size, data]).toString('base64url'),
      transports: ['internal'],
    };
  }

  /** The answer to a request for a signature. */
  assert(challenge: Buffer, odd: Oddity = {}): Assertion {
    const data = this.#head({ counter: (this.#counter += 1), ...odd }, 0);
    const clientDataJSON = this.#clientData('webauthn.get', challenge, odd);
    const signed = Buffer.concat([data, hash('sha256', Buffer.from(clientDataJSON, 'base64url'), 'buffer')]);
    return {
      id: this.id.toString('base64url'),
      type: 'public-key',
      clientDataJSON,
      authenticatorData: data.toString('base64url'),
      signature: sign('sha256', signed, this.#keys.privateKey).toString('base64url'),
      userHandle: odd.userHandle === null ? undefined : (odd.userHandle ?? handleOf(this.accountId)),
    };
  }

  #head({ domain = this.site.domain, verified = true, counter = 0 }: Oddity, more: number): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    const flags = PRESENT | (verified ? VERIFIED : 0) | more;
    return Buffer.concat([hash('sha256', domain, 'buffer'), Buffer.of(flags), count]);
  }

  #clientData(type: string, challenge: Buffer, { origin = this.site.origin, crossOrigin = false }: Oddity): string {
    const data = { type, challenge: challenge.toString('base64url'), origin, crossOrigin };
    return Buffer.from(JSON.stringify(data)).toString('base64url');
  }
}

const handleOf = (accountId: string): string => Buffer.from(parse(accountId)).toString('base64url');
