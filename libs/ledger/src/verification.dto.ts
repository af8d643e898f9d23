import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import type { Finding } from './finding.js';
import { ShardQuery } from './ledger.dto.js';

const STATES = ['running', 'valid', 'invalid', 'failed'] as const;
export type VerificationState = (typeof STATES)[number];

export class VerificationRequest extends ShardQuery {
  @ApiPropertyOptional({ minimum: 0, default: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly from?: number;

  @ApiPropertyOptional({ minimum: 1, description: 'Not included; the newest published size when left out.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly to?: number;
}

export class FindingView implements Finding {
  @ApiProperty({ enum: ['entry', 'batch', 'sequence', 'tile', 'head', 'signature', 'history', 'shard'] })
  readonly kind: Finding['kind'];

  @ApiProperty({ example: 'entry 17' })
  readonly place: string;

  @ApiProperty({ example: 'the payload is not what the leaf commits to' })
  readonly detail: string;
}

export class VerificationView {
  @ApiProperty({ format: 'uuid' })
  readonly id: string;

  @ApiProperty({ example: '2026h2' })
  readonly shard: string;

  @ApiProperty()
  readonly from: number;

  @ApiProperty()
  readonly to: number;

  @ApiProperty({
    enum: STATES,
    description: '`failed` says nothing about the log: the job was stopped before its end.',
  })
  readonly state: VerificationState;

  @ApiProperty({ description: 'Entries verified so far, of `to` - `from`.' })
  readonly done: number;

  @ApiProperty({ format: 'date-time' })
  readonly requestedAt: string;

  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  readonly finishedAt: string | null;

  @ApiProperty({ type: [FindingView], description: 'What is wrong and where; at most a hundred.' })
  readonly findings: readonly FindingView[];
}
