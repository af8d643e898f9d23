import { ApiProperty } from '@nestjs/swagger';
import type { Enrolment } from './enrolment.service.js';
import type { OpenedSession } from './session.service.js';
import type { Challenge } from './sign-in.service.js';

export class SessionView implements OpenedSession {
  @ApiProperty({ enum: ['bearer'], example: 'bearer' })
  readonly session: 'bearer';

  @ApiProperty({ description: 'For `Authorization: Bearer`; told this once', example: 'lxs_…' })
  readonly token: string;

  @ApiProperty({
    format: 'date-time',
    description: 'Its absolute end; unused, it ends earlier',
    example: '2026-11-22T22:30:00.123Z',
  })
  readonly expiresAt: Date;
}

export class ChallengeView implements Challenge {
  @ApiProperty({ enum: ['secondFactor'], example: 'secondFactor' })
  readonly next: 'secondFactor';

  @ApiProperty({ description: 'To be sent with a code, within five minutes', example: 'lxt_…' })
  readonly challenge: string;
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

export class SetUpView extends EnrolmentView implements OpenedSession {
  @ApiProperty({ enum: ['bearer'], example: 'bearer' })
  readonly session: 'bearer';

  @ApiProperty({ description: 'Lets the first administrator invite people, for 15 minutes', example: 'lxs_…' })
  readonly token: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T10:45:00.123Z' })
  readonly expiresAt: Date;
}
