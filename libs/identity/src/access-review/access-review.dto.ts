import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, IsUUID, Length, Matches, Max, Min } from 'class-validator';
import { PageQuery } from '../actor/agent.dto.js';
import { type Outcome, outcomes } from '../core/index.js';
import { LINE, oneLine } from '../text.rules.js';
import type { Decision } from './access-review.js';

const kinds = ['grant', 'key', 'agent'] as const;
const decisions = ['confirm', 'revoke'] as const satisfies readonly Decision[];
const states = [...outcomes, 'undecided'] as const;

export class OpenAccessReview {
  @ApiProperty({
    description: 'What it is called; it stands in the report for good, so name no person',
    example: 'Autumn 2026',
    maxLength: 100,
  })
  @IsString()
  @Length(1, 100)
  @Matches(LINE, oneLine)
  readonly name: string;

  @ApiPropertyOptional({
    description: 'Days until whatever nobody confirmed is taken back',
    minimum: 1,
    maximum: 90,
    default: 30,
    example: 30,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(90)
  readonly dueInDays?: number;
}

export class DecideItem {
  @ApiProperty({ enum: decisions, example: 'confirm', description: '`revoke` takes it back at once' })
  @IsIn(decisions)
  readonly decision: Decision;

  @ApiProperty({ example: 'still leads the support team', maxLength: 1000 })
  @IsString()
  @Length(1, 1000)
  @Matches(LINE, oneLine)
  readonly reason: string;
}

export class ItemQuery extends PageQuery {
  @ApiPropertyOptional({ enum: kinds })
  @IsOptional()
  @IsIn(kinds)
  readonly kind?: (typeof kinds)[number];

  @ApiPropertyOptional({ enum: states })
  @IsOptional()
  @IsIn(states)
  readonly outcome?: Outcome | 'undecided';

  @ApiPropertyOptional({ format: 'uuid', description: 'The person who holds the grant or answers for the agent' })
  @IsOptional()
  @IsUUID()
  readonly account?: string;
}
