import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SoftwarePasskey } from '../passkey/software-passkey.js';
import { verifiedAssertion } from '../passkey/webauthn.js';
import { stepOfCode } from '../sign-in/totp.js';
import { TotpVault } from './totp.vault.js';

/** RFC 6238, appendix B: the code of this secret at 59 s. */
const VECTOR = { secret: Buffer.from('12345678901234567890'), code: '287082', now: 59_000, step: 1 } as const;
const SITE = { origin: 'https://health.invalid', domain: 'health.invalid' } as const;

/** The second-factor path works, end to end but for the person: accounts, passkeys and recovery codes can be read, a sealed secret opens
 *  again, a known code is right and its neighbour wrong, a passkey's signature is taken and one without user verification is not. */
@Injectable()
export class SecondFactorHealth {
  readonly name = 'second_factor';
  readonly parts = ['mfa'] as const;

  constructor(
    private readonly dataSource: DataSource,
    private readonly totp: TotpVault,
  ) {}

  async check(): Promise<'up' | 'down'> {
    await this.dataSource.query(
      `SELECT (SELECT count(totp_secret) FROM (SELECT totp_secret FROM identity.account LIMIT 1) a),
         (SELECT count(*) FROM (SELECT 1 FROM identity.passkey LIMIT 1) p),
         (SELECT count(*) FROM (SELECT 1 FROM identity.recovery_code LIMIT 1) r)`,
    );
    return this.#codes() && (await passkeys()) ? 'up' : 'down';
  }

  #codes(): boolean {
    const { secret, code, now, step } = VECTOR;
    const account = { id: randomUUID(), totpStep: 0 };
    const totpSecret = this.totp.seal(account.id, secret);
    // No current code is known here: that the sealed secret opens, and that no wrong code counts, is what this shows.
    const opens = this.totp.stepOf({ ...account, totpSecret }, 'wrong!') === null;
    return opens && stepOfCode(code, secret, 0, now) === step && stepOfCode('287083', secret, 0, now) === null;
  }
}

async function passkeys(): Promise<boolean> {
  const accountId = randomUUID();
  const passkey = new SoftwarePasskey(SITE, accountId);
  const known = { accountId, publicKey: passkey.publicKey, counter: 0 };
  const challenge = randomBytes(32);
  const good = await verifiedAssertion(SITE, challenge, passkey.assert(challenge), known);
  const unverified = await verifiedAssertion(SITE, challenge, passkey.assert(challenge, { verified: false }), known);
  return good !== null && unverified === null;
}
