import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, IsUUID, Length, Matches } from 'class-validator';
import { ENDS_AT, JUSTIFICATION, TICKET } from '../person/grant.dto.js';
import { LINE, MOMENT, moment, oneLine } from '../text.rules.js';
import type { SealedCredentials } from './break-glass.credentials.js';
import { type BreakGlassUse, type UseReview, type Verdict, verdicts } from './break-glass.queries.js';
import type { Sealing } from './break-glass.service.js';

const ID = '0199f0c4-5d3e-7c1a-9b44-6f1f0d7c2a10';

export class SealBreakGlass implements Sealing {
  @ApiProperty({ ...JUSTIFICATION, description: 'Why it is sealed now', example: 'yearly renewal of the envelope' })
  @IsString()
  @Length(3, 1000)
  @Matches(LINE, oneLine)
  readonly justification: string;

  @ApiProperty(TICKET)
  @IsString()
  @Length(1, 100)
  @Matches(LINE, oneLine)
  readonly ticket: string;

  @ApiProperty(ENDS_AT)
  @IsString()
  @Matches(MOMENT, moment)
  readonly endsAt: string;
}

export class ReviewUse implements UseReview {
  @ApiProperty({
    description: 'What was found out',
    minLength: 3,
    maxLength: 1000,
    example: 'both administrators were on one flight; the key of the gateway was rotated',
  })
  @IsString()
  @Length(3, 1000)
  @Matches(LINE, oneLine)
  readonly reason: string;

  @ApiProperty({ enum: verdicts, example: 'justified' })
  @IsIn(verdicts)
  readonly verdict: Verdict;

  @ApiPropertyOptional({
    format: 'uuid',
    description: 'The account of whoever broke the glass; left out when that could not be found out',
    example: ID,
  })
  @IsOptional()
  @IsUUID()
  readonly usedBy?: string;
}

export class SealedCredentialsView implements SealedCredentials {
  @ApiProperty({ format: 'uuid', example: ID })
  readonly id: string;

  @ApiProperty({
    description: 'To sign in with; told this once',
    example: 'break-glass-k7wq-3mzt-p2xd@lexecon.invalid',
  })
  readonly email: string;

  @ApiProperty({ description: 'Told this once', example: 'k7wq-3mzt-…' })
  readonly password: string;

  @ApiProperty({
    description: 'For an authenticator app (SHA-1, six digits, 30 seconds); told this once',
    example: 'JBSWY3DPEHPK3PXP…',
  })
  readonly totpSecret: string;

  @ApiProperty({ format: 'date-time', description: 'Seal it again before', example: '2027-03-31T00:00:00.000Z' })
  readonly endsAt: Date;
}

export class BreakGlassUseView implements BreakGlassUse {
  @ApiProperty({ format: 'uuid', example: ID })
  readonly id: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T10:30:00.123Z' })
  readonly openedAt: Date;

  @ApiProperty({ type: Date, nullable: true, description: 'Null: waits for a review', example: null })
  readonly reviewedAt: Date | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, example: null })
  readonly reviewedBy: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Who broke the glass', example: null })
  readonly usedBy: string | null;

  @ApiProperty({ type: String, enum: verdicts, nullable: true, example: null })
  readonly verdict: Verdict | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  readonly reason: string | null;
}

export class BreakGlassUsesView {
  @ApiProperty({ type: [BreakGlassUseView] })
  readonly items: readonly BreakGlassUseView[];
}
