import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { factorsOf } from '../factor/factor.queries.js';
import type { Factor } from '../factor/proof.service.js';
import { PasskeyService } from '../passkey/passkey.service.js';
import type { AssertionOptions } from '../passkey/webauthn.js';
import { insertTicket } from '../person/ticket.queries.js';
import type { Transport } from '../session/session.credentials.js';
import { freshToken, hashOfToken } from '../token.js';

const CHALLENGE_MINUTES = 5;

export interface Challenge {
  readonly next: 'secondFactor';
  readonly challenge: string;
  /** What this person can answer it with. */
  readonly factors: readonly Factor[];
  /** For the browser (WebAuthn), when one of them is a passkey. */
  readonly passkey?: AssertionOptions;
}

/** The question for a second factor, after the first proof. */
@Injectable()
export class ChallengeService {
  constructor(private readonly passkeys: PasskeyService) {}

  /** Whoever calls has checked the first proof. */
  async ask(db: EntityManager, accountId: string, transport: Transport): Promise<Challenge> {
    const challenge = freshToken('lxt');
    await insertTicket(db, hashOfToken(challenge), 'second-factor', accountId, CHALLENGE_MINUTES, transport);
    const has = await factorsOf(db, accountId);
    const byPasskey = has.passkeys > 0 && this.passkeys.offered;
    const factors: readonly Factor[] = [
      ...(byPasskey ? (['passkey'] as const) : []),
      ...(has.totp ? (['totp'] as const) : []),
      ...(has.recoveryCodesLeft > 0 ? (['recovery-code'] as const) : []),
    ];
    const passkey = byPasskey ? await this.passkeys.beginAssertion('second-factor', accountId, db) : undefined;
    return { next: 'secondFactor', challenge, factors, ...(passkey && { passkey }) };
  }
}
