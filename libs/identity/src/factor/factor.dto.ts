import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length, Matches } from 'class-validator';
import { CODE, SIX_DIGITS, sixDigits } from '../sign-in/auth.dto.js';
import { LINE } from '../text.rules.js';
import type { FactorState } from './factor.queries.js';
import type { FactorReset } from './reset.service.js';

export class TotpCode {
  @ApiProperty(CODE)
  @IsString()
  @Matches(SIX_DIGITS, sixDigits)
  readonly code: string;
}

export class ResetFactors {
  @ApiProperty({
    description: 'Why, and how it was made sure who asks',
    minLength: 3,
    maxLength: 1000,
    example: 'phone lost; called back on the number the personnel office has',
  })
  @IsString()
  @Length(3, 1000)
  @Matches(LINE, { message: '$property must be one line of text without control characters' })
  readonly reason: string;
}

export class FactorsView implements FactorState {
  @ApiProperty({ description: 'Whether an authenticator app is confirmed', example: true })
  readonly totp: boolean;

  @ApiProperty({ example: 1 })
  readonly passkeys: number;

  @ApiProperty({ example: 10 })
  readonly recoveryCodesLeft: number;
}

export class TotpView {
  @ApiProperty({
    description: 'For the authenticator app, as a QR code; counts once its first code was sent',
    example: 'otpauth://totp/Lexecon:ada%40example.com?issuer=Lexecon&secret=JBSWY3DPEHPK3PXP',
  })
  readonly uri: string;
}

export class RecoveryCodesView {
  @ApiProperty({ type: [String], description: 'Told this once', example: ['7K2QD-0H8MX-4TVNB-9CWRA-5EFGH'] })
  readonly recoveryCodes: readonly string[];
}

export class FactorResetView implements FactorReset {
  @ApiProperty({
    description: 'For the person alone, who sends it with the password to /api/v1/auth/enrolment; told this once',
    example: 'lxt_…',
  })
  readonly ticket: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-23T10:30:00.123Z' })
  readonly ticketExpiresAt: Date;
}
