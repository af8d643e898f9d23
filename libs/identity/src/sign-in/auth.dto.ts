import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsEmail, IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { LINE } from '../text.rules.js';

const PASSWORD = {
  description: 'Anything, 15 to 128 characters',
  minLength: 15,
  maxLength: 128,
  example: 'correct horse battery staple',
};
const EMAIL = { format: 'email', maxLength: 254, example: 'ada@example.com' };
const CODE = {
  description: 'The six digits that the authenticator app shows',
  pattern: '^[0-9]{6}$',
  example: '287082',
};
const sixDigits = { message: '$property must be six digits' };

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

  @ApiProperty(PASSWORD)
  @IsString()
  @Length(15, 128)
  readonly password: string;
}

export class Activate {
  @ApiProperty({ description: 'The invitation', maxLength: 200, example: 'lxt_…' })
  @IsString()
  @Length(1, 200)
  readonly token: string;

  @ApiProperty(PASSWORD)
  @IsString()
  @Length(15, 128)
  readonly password: string;
}

export class ConfirmFactor {
  @ApiProperty({ description: '`enrolment` of the answer that named the secret', maxLength: 200, example: 'lxt_…' })
  @IsString()
  @Length(1, 200)
  readonly enrolment: string;

  @ApiProperty(CODE)
  @IsString()
  @Matches(/^[0-9]{6}$/, sixDigits)
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

  @ApiPropertyOptional({
    enum: ['bearer', 'cookie'],
    default: 'bearer',
    description: 'Only `bearer` is offered yet',
    example: 'bearer',
  })
  @IsOptional()
  @IsIn(['bearer', 'cookie'])
  readonly session?: 'bearer' | 'cookie';
}

export class SecondFactor {
  @ApiProperty({ description: '`challenge` of the login', maxLength: 200, example: 'lxt_…' })
  @IsString()
  @Length(1, 200)
  readonly challenge: string;

  @ApiProperty(CODE)
  @IsString()
  @Matches(/^[0-9]{6}$/, sixDigits)
  readonly code: string;
}
