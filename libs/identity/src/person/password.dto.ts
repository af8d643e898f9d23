import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { IsNewPassword, PASSWORD_LENGTH } from './password.rules.js';
import type { PasswordReset } from './password.service.js';

export const NEW_PASSWORD = {
  description:
    'Any characters, 15 to 128 of them (Unicode code points after NFKC); not made of common passwords, sequences, repetitions, the product’s name or parts of the e-mail address alone',
  minLength: PASSWORD_LENGTH.min,
  maxLength: PASSWORD_LENGTH.max,
  example: 'correct horse battery staple',
};

export class ChangePassword {
  @ApiProperty({ description: 'The one you have', maxLength: 1024, example: 'a long enough password' })
  @IsString()
  @Length(1, 1024)
  readonly current: string;

  @ApiProperty(NEW_PASSWORD)
  @IsNewPassword()
  readonly password: string;
}

export class RedeemReset {
  @ApiProperty({ description: '`token` of the reset', maxLength: 200, example: 'lxt_…' })
  @IsString()
  @Length(1, 200)
  readonly token: string;

  @ApiProperty(NEW_PASSWORD)
  @IsNewPassword()
  readonly password: string;
}

export class PasswordResetView implements PasswordReset {
  @ApiProperty({
    enum: ['activate', 'reset'],
    description: 'Where the person sends the token with a new password: /api/v1/auth/activate or …/auth/password/reset',
    example: 'reset',
  })
  readonly next: 'activate' | 'reset';

  @ApiProperty({ description: 'For the person alone; told this once', example: 'lxt_…' })
  readonly token: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-23T10:30:00.123Z' })
  readonly expiresAt: Date;
}
