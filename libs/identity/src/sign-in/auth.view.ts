import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Factor } from '../factor/proof.service.js';
import type { AssertionOptions } from '../passkey/webauthn.js';
import type { Challenge } from './challenge.service.js';
import type { Enrolment } from './enrolment.service.js';

export class SessionView {
  @ApiProperty({ enum: ['bearer', 'cookie'], description: 'How the session is carried', example: 'bearer' })
  readonly session: 'bearer' | 'cookie';

  @ApiPropertyOptional({
    description: 'bearer: for `Authorization: Bearer`; told this once. A cookie session has it in its cookie only',
    example: 'lxs_…',
  })
  readonly token?: string;

  @ApiPropertyOptional({
    description: 'cookie: to be sent as `X-CSRF-Token` with everything but GET',
    example: 'w7cQ…',
  })
  readonly csrfToken?: string;

  @ApiProperty({
    format: 'date-time',
    description: 'Its absolute end; unused, it ends earlier',
    example: '2026-11-22T22:30:00.123Z',
  })
  readonly expiresAt: Date;
}

export class SignedInView extends SessionView {
  @ApiPropertyOptional({ description: 'After a recovery code was used: how many remain', example: 9 })
  readonly recoveryCodesLeft?: number;
}

export class EnrolledView extends SessionView {
  @ApiProperty({
    type: [String],
    description: 'For the day the second factor is lost, each for one sign-in; told this once',
    example: ['7K2QD-0H8MX-4TVNB-9CWRA-5EFGH'],
  })
  readonly recoveryCodes: readonly string[];
}

export class ChallengeView implements Challenge {
  @ApiProperty({ enum: ['secondFactor'], example: 'secondFactor' })
  readonly next: 'secondFactor';

  @ApiProperty({ description: 'To be sent with a code or a passkey’s answer, within five minutes', example: 'lxt_…' })
  readonly challenge: string;

  @ApiProperty({
    enum: ['passkey', 'totp', 'recovery-code'],
    isArray: true,
    description: 'What this person can answer it with',
    example: ['passkey', 'totp', 'recovery-code'],
  })
  readonly factors: readonly Factor[];

  @ApiPropertyOptional({
    type: Object,
    description:
      'PublicKeyCredentialRequestOptionsJSON (WebAuthn) for the browser, when one of the factors is a passkey',
  })
  readonly passkey?: AssertionOptions;
}

export class EnrolmentView implements Enrolment {
  @ApiProperty({ enum: ['enrolment'], example: 'enrolment' })
  readonly next: 'enrolment';

  @ApiProperty({ description: 'To be sent with the first code, within 15 minutes', example: 'lxt_…' })
  readonly enrolment: string;

  @ApiProperty({
    description: 'For the authenticator app, as a QR code',
    example:
      'otpauth://totp/Lexecon:ada%40example.com?issuer=Lexecon&secret=JBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30',
  })
  readonly uri: string;
}

export class SetUpView extends EnrolmentView {
  @ApiProperty({ enum: ['bearer'], example: 'bearer' })
  readonly session: 'bearer' | 'cookie';

  @ApiProperty({ description: 'Lets the first administrator invite people, for 15 minutes', example: 'lxs_…' })
  readonly token: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T10:45:00.123Z' })
  readonly expiresAt: Date;
}
