import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsEmail, IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { ASSERTION } from '../passkey/passkey.dto.js';
import { IsAssertion } from '../passkey/passkey.rules.js';
import { NEW_PASSWORD } from '../person/password.dto.js';
import { IsNewPassword } from '../person/password.rules.js';
import type { Transport } from '../session/session.credentials.js';
import { LINE } from '../text.rules.js';

const EMAIL = { format: 'email', maxLength: 254, example: 'ada@example.com' };
export const CODE = {
  description: 'The six digits that the authenticator app shows',
  pattern: '^[0-9]{6}$',
  example: '287082',
};
const SESSION = {
  enum: ['bearer', 'cookie'],
  default: 'bearer',
  description: 'How the session will be carried; `cookie` needs TLS and PUBLIC_URL',
  example: 'bearer',
};
export const SIX_DIGITS = /^[0-9]{6}$/;
export const sixDigits = { message: '$property must be six digits' };

export class SetUp {
  @ApiProperty({
    description: 'LEXECON_SETUP_TOKEN',
    minLength: 32,
    maxLength: 200,
    example: 'the token that the server printed',
  })
  @IsString()
  @Length(1, 200)
  readonly token: string;

  @ApiProperty(EMAIL)
  @IsEmail()
  @Matches(LINE)
  @Length(3, 254)
  readonly email: string;

  @ApiProperty(NEW_PASSWORD)
  @IsNewPassword()
  readonly password: string;
}

export class Activate {
  @ApiProperty({ description: 'The invitation', maxLength: 200, example: 'lxt_…' })
  @IsString()
  @Length(1, 200)
  readonly token: string;

  @ApiProperty(NEW_PASSWORD)
  @IsNewPassword()
  readonly password: string;

  @ApiPropertyOptional(SESSION)
  @IsOptional()
  @IsIn(['bearer', 'cookie'])
  readonly session?: Transport;
}

export class Reenrol {
  @ApiProperty({ description: 'What the administrator handed over', maxLength: 200, example: 'lxt_…' })
  @IsString()
  @Length(1, 200)
  readonly ticket: string;

  @ApiProperty({ maxLength: 1024, example: 'correct horse battery staple' })
  @IsString()
  @Length(1, 1024)
  readonly password: string;

  @ApiPropertyOptional(SESSION)
  @IsOptional()
  @IsIn(['bearer', 'cookie'])
  readonly session?: Transport;
}

export class ConfirmFactor {
  @ApiProperty({ description: '`enrolment` of the answer that named the secret', maxLength: 200, example: 'lxt_…' })
  @IsString()
  @Length(1, 200)
  readonly enrolment: string;

  @ApiProperty(CODE)
  @IsString()
  @Matches(SIX_DIGITS, sixDigits)
  readonly code: string;
}

export class LogIn {
  @ApiProperty(EMAIL)
  @IsEmail()
  @Matches(LINE)
  @Length(3, 254)
  readonly email: string;

  @ApiProperty({ maxLength: 1024, example: 'correct horse battery staple' })
  @IsString()
  @Length(1, 1024)
  readonly password: string;

  @ApiPropertyOptional(SESSION)
  @IsOptional()
  @IsIn(['bearer', 'cookie'])
  readonly session?: Transport;
}

/** Exactly one of the three. */
export class SecondFactor {
  @ApiProperty({ description: '`challenge` of the login', maxLength: 200, example: 'lxt_…' })
  @IsString()
  @Length(1, 200)
  readonly challenge: string;

  @ApiPropertyOptional(CODE)
  @IsOptional()
  @IsString()
  @Matches(SIX_DIGITS, sixDigits)
  readonly code?: string;

  @ApiPropertyOptional({ description: 'In place of a code; each counts once', maxLength: 100 })
  @IsOptional()
  @IsString()
  @Length(1, 100)
  @Matches(LINE)
  readonly recoveryCode?: string;

  @ApiPropertyOptional(ASSERTION)
  @IsOptional()
  @IsAssertion()
  readonly assertion?: unknown;
}
