import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsISO8601,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import type { Json } from '@lexecon/crypto';
import { type ActorType, actorTypes, type RiskClass, riskClasses } from './actor.js';
import { type ReviewState, reviewStates } from './actor.queries.js';
import { IsAttributes, LINE, ROLE_NAME } from '../text.rules.js';

const DAY = /^\d{4}-\d\d-\d\d$/;
const aDay = { message: '$property must be a day, YYYY-MM-DD' };
const oneLine = { message: '$property must be one line of text without control characters' };

export class RegisterAgent {
  @ApiProperty({ enum: actorTypes, example: 'agent' })
  @IsIn(actorTypes)
  readonly type: ActorType;

  @ApiProperty({ description: 'The actor.id of requests; once per type', example: 'support-bot', maxLength: 255 })
  @IsString()
  @Length(1, 255)
  @Matches(LINE, oneLine)
  readonly name: string;

  @ApiProperty({ description: 'Who answers for it', example: 'team-support', maxLength: 255 })
  @IsString()
  @Length(1, 255)
  @Matches(LINE, oneLine)
  readonly owner: string;

  @ApiProperty({ description: 'What it is for', example: 'answers questions of customers', maxLength: 1000 })
  @IsString()
  @Length(1, 1000)
  @Matches(LINE, oneLine)
  readonly purpose: string;

  @ApiPropertyOptional({
    type: [String],
    description:
      'Roles as policies name them; `gateway` also lets its keys decide for any actor, `provisioner` make people (SCIM)',
    example: ['support-agent'],
    maxItems: 32,
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(32)
  @ArrayUnique()
  @Matches(ROLE_NAME, { each: true })
  readonly roles?: readonly string[];

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'Facts that policies may read',
    example: { region: 'eu' },
  })
  @IsOptional()
  @IsAttributes()
  readonly attributes?: Readonly<Record<string, Json>>;

  @ApiPropertyOptional({ format: 'uuid', description: 'Account of the person who answers for it' })
  @IsOptional()
  @IsUUID()
  readonly ownerId?: string;

  @ApiPropertyOptional({ enum: riskClasses, description: 'What harm it could do', example: 'limited' })
  @IsOptional()
  @IsIn(riskClasses)
  readonly riskClass?: RiskClass;

  @ApiPropertyOptional({
    format: 'date',
    description:
      'Day by which a person looks at it again, at most a year ahead; unset: in 90 days. Without meaning for a `user`',
  })
  @IsOptional()
  @Matches(DAY, aDay)
  @IsISO8601({ strict: true })
  readonly reviewBy?: string;
}

export class ChangeAgent {
  @ApiPropertyOptional({ enum: ['active', 'disabled'], example: 'disabled' })
  @IsOptional()
  @IsIn(['active', 'disabled'])
  readonly status?: 'active' | 'disabled';

  @ApiPropertyOptional({ example: 'team-support', maxLength: 255 })
  @IsOptional()
  @IsString()
  @Length(1, 255)
  @Matches(LINE, oneLine)
  readonly owner?: string;

  @ApiPropertyOptional({ example: 'answers questions of customers', maxLength: 1000 })
  @IsOptional()
  @IsString()
  @Length(1, 1000)
  @Matches(LINE, oneLine)
  readonly purpose?: string;

  @ApiPropertyOptional({
    type: [String],
    description: 'All roles from now on',
    example: ['support-agent'],
    maxItems: 32,
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(32)
  @ArrayUnique()
  @Matches(ROLE_NAME, { each: true })
  readonly roles?: readonly string[];

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'All attributes from now on',
    example: { region: 'eu' },
  })
  @IsOptional()
  @IsAttributes()
  readonly attributes?: Readonly<Record<string, Json>>;

  @ApiPropertyOptional({ format: 'uuid', description: 'Account of the person who answers for it' })
  @IsOptional()
  @IsUUID()
  readonly ownerId?: string;

  @ApiPropertyOptional({ enum: riskClasses, description: 'What harm it could do', example: 'limited' })
  @IsOptional()
  @IsIn(riskClasses)
  readonly riskClass?: RiskClass;
}

/** What a person confirms when they look at an agent again; what is left out stays as it is. */
export class ReviewAgent {
  @ApiProperty({ format: 'date', description: 'Day of the next review, at most a year ahead', example: '2027-05-31' })
  @Matches(DAY, aDay)
  @IsISO8601({ strict: true })
  readonly reviewBy: string;

  @ApiPropertyOptional({ example: 'team-support', maxLength: 255 })
  @IsOptional()
  @IsString()
  @Length(1, 255)
  @Matches(LINE, oneLine)
  readonly owner?: string;

  @ApiPropertyOptional({ example: 'answers questions of customers', maxLength: 1000 })
  @IsOptional()
  @IsString()
  @Length(1, 1000)
  @Matches(LINE, oneLine)
  readonly purpose?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Account of the person who answers for it' })
  @IsOptional()
  @IsUUID()
  readonly ownerId?: string;

  @ApiPropertyOptional({ enum: riskClasses, description: 'What harm it could do', example: 'limited' })
  @IsOptional()
  @IsIn(riskClasses)
  readonly riskClass?: RiskClass;
}

export class PageQuery {
  @ApiPropertyOptional({ description: '`next` of the page before' })
  @IsOptional()
  @IsString()
  @Length(1, 100)
  readonly cursor?: string;

  @ApiPropertyOptional({ minimum: 1, maximum: 100, default: 50, example: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  readonly limit?: number;
}

export class AgentQuery extends PageQuery {
  @ApiPropertyOptional({
    enum: reviewStates,
    description:
      'Active agents and services whose review is `overdue`, or `due` within 30 days or past; `orphaned`: without an owner who has an account',
  })
  @IsOptional()
  @IsIn(reviewStates)
  readonly review?: ReviewState;

  @ApiPropertyOptional({ description: 'What `owner` says, or the id of the owner’s account', maxLength: 255 })
  @IsOptional()
  @IsString()
  @Length(1, 255)
  @Matches(LINE, oneLine)
  readonly owner?: string;
}
