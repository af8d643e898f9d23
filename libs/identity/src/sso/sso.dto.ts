import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Matches } from 'class-validator';

export class ProviderName {
  @ApiProperty({ description: 'Name of the provider in OIDC_PROVIDERS_FILE', example: 'acme' })
  @IsString()
  @Matches(/^[a-z0-9][a-z0-9-]{0,31}$/, { message: 'provider must be up to 32 lower-case letters, digits and hyphens' })
  readonly provider: string;
}

export class StartQuery {
  @ApiPropertyOptional({
    enum: ['bearer', 'cookie'],
    default: 'bearer',
    description: 'How the session is to be carried',
    example: 'bearer',
  })
  @IsOptional()
  @IsIn(['bearer', 'cookie'])
  readonly session?: 'bearer' | 'cookie';

  @ApiPropertyOptional({
    enum: ['login'],
    description: 'Has the provider ask for the proof again, which then counts as fresh (step-up)',
    example: 'login',
  })
  @IsOptional()
  @IsIn(['login'])
  readonly prompt?: 'login';
}

export class LinkView {
  @ApiProperty({ description: 'Address at the provider', example: 'https://login.example.com/authorize?…' })
  readonly location: string;
}
