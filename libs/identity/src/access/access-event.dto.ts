import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsISO8601, IsOptional, IsString, IsUUID, Length, Matches } from 'class-validator';
import type { Json } from '@lexecon/crypto';
import { PageQuery } from '../actor/agent.dto.js';
import { LINE, moment, MOMENT } from '../text.rules.js';
import type { AccessEntry } from './access-reader.js';

export class AccessEventQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Name of the event', example: 'login-failed' })
  @IsOptional()
  @Matches(/^[a-z][a-z-]{0,63}$/)
  readonly event?: string;

  @ApiPropertyOptional({
    format: 'uuid',
    description: 'A person who did it or whom it was done to; needs the permission access-record:read.',
    example: '0199f0c4-1111-7000-8000-0000000000aa',
  })
  @IsOptional()
  @IsUUID()
  readonly account?: string;

  @ApiPropertyOptional({
    description: 'An agent or service that did it or that it was done to, or a user of the caller’s system',
    example: 'support-bot',
    maxLength: 255,
  })
  @IsOptional()
  @IsString()
  @Length(1, 255)
  @Matches(LINE)
  readonly actor?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'RFC 3339, inclusive', example: '2026-11-22T00:00:00Z' })
  @IsOptional()
  @Matches(MOMENT, moment)
  @IsISO8601({ strict: true })
  readonly from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'RFC 3339, exclusive', example: '2026-11-23T00:00:00Z' })
  @IsOptional()
  @Matches(MOMENT, moment)
  @IsISO8601({ strict: true })
  readonly to?: string;
}

export class AccessEventView implements AccessEntry {
  @ApiProperty({
    format: 'uuid',
    description: 'Id of the ledger entry',
    example: '0199f0c4-1111-7000-8000-0000000000aa',
  })
  readonly id: string;

  @ApiProperty({ format: 'date-time' })
  readonly at: Date;

  @ApiProperty({ example: 'login' })
  readonly event: string;

  @ApiProperty({ enum: ['done', 'failed'] })
  readonly result: 'done' | 'failed';

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'What anybody may read: network, agents by name, roles, …',
    example: { network: '192.0.2.0/24', proof: 'totp' },
  })
  readonly public: Readonly<Record<string, Json>>;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'Who (`by`), whom, why, the whole address; null without the permission access-record:read.',
  })
  readonly sealed: Readonly<Record<string, Json>> | null;

  @ApiProperty({ description: 'Whether a part can no longer be read because the person it was about was erased.' })
  readonly erased: boolean;
}

export class AccessEventPage {
  @ApiProperty({ type: [AccessEventView] })
  readonly items: readonly AccessEventView[];

  @ApiProperty({ type: String, nullable: true })
  readonly next: string | null;
}
