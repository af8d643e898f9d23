import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';
import type { OnExpiry } from './review.kind.js';
import type { Review, ReviewStatus } from './review.service.js';

const STATUSES = ['pending', 'expired'] as const;

export class ReviewQuery {
  @ApiPropertyOptional({ enum: STATUSES })
  @IsOptional()
  @IsIn(STATUSES)
  readonly status?: ReviewStatus;

  @ApiPropertyOptional({ description: 'From `next` of the page before.' })
  @IsOptional()
  @IsUUID()
  readonly cursor?: string;

  @ApiPropertyOptional({ minimum: 1, maximum: 100, default: 50 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  readonly limit: number = 50;
}

export class ReviewView implements Review {
  @ApiProperty({ format: 'uuid', example: '0199f0c4-1111-7000-8000-0000000000aa' })
  readonly id: string;

  @ApiProperty({ format: 'uuid', description: 'The decision that escalated.' })
  readonly decision: string;

  @ApiProperty({ enum: STATUSES })
  readonly status: ReviewStatus;

  @ApiProperty({ type: [String], example: ['reviewer'] })
  readonly roles: readonly string[];

  @ApiProperty({ example: 1 })
  readonly quorum: number;

  @ApiProperty({ format: 'date-time' })
  readonly openedAt: string;

  @ApiProperty({ format: 'date-time' })
  readonly expiresAt: string;

  @ApiProperty({ enum: ['deny', 'permit'] })
  readonly onExpiry: OnExpiry;

  @ApiProperty({
    enum: ['deny', 'permit'],
    nullable: true,
    type: String,
    description: 'Null while the review is pending.',
  })
  readonly outcome: OnExpiry | null;
}

export class ReviewPage {
  @ApiProperty({ type: [ReviewView] })
  readonly items: readonly ReviewView[];

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  readonly next: string | null;
}
