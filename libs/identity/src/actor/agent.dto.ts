import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import type { Json } from '@lexecon/crypto';
import { type ActorType, actorTypes, type KeyRole, keyRoles } from './actor.js';
import { IsAttributes, LINE, ROLE_NAME } from '../text.rules.js';

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
}

export class IssueKey {
  @ApiPropertyOptional({
    enum: keyRoles,
    description: 'Unset: gateway or provisioner for an actor registered as one, else agent',
    example: 'agent',
  })
  @IsOptional()
  @IsIn(keyRoles)
  readonly role?: KeyRole;

  @ApiPropertyOptional({ description: 'Days until the key expires', minimum: 1, maximum: 90, default: 90, example: 90 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(90)
  readonly days?: number;
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
