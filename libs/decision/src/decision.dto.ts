import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsISO8601,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { IsFreeJson } from './free-json.js';

const ACTOR_TYPES = ['agent', 'service', 'user'] as const;
const SENSITIVITIES = ['public', 'internal', 'confidential', 'restricted'] as const;
const OUTCOMES = ['permit', 'deny', 'escalate'] as const;
/** No control characters and no lone surrogates; 1 to 256 characters. */
const NAME = /^[^\p{Cc}\p{Cs}]{1,256}$/u;
/** RFC 3339 with a zone. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
const TEXT = /^[^\p{Cs}]*$/u;
const NAME_RULE = 'must be 1 to 256 characters without control characters';
/** The member may be left out; null is not the same as left out. */
const Optional = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
type FreeJson = Record<string, never>;

export class PersonDto {
  @ApiProperty({ example: 'user', description: 'Kind of the person or account acted for.' })
  @Matches(NAME, { message: `type ${NAME_RULE}` })
  readonly type: string;

  @ApiProperty({ example: 'u-1842' })
  @Matches(NAME, { message: `id ${NAME_RULE}` })
  readonly id: string;
}

export class ActorDto {
  @ApiProperty({ enum: ACTOR_TYPES, example: 'agent' })
  @IsIn(ACTOR_TYPES)
  readonly type: (typeof ACTOR_TYPES)[number];

  @ApiProperty({ example: 'support-bot' })
  @Matches(NAME, { message: `id ${NAME_RULE}` })
  readonly id: string;

  @ApiPropertyOptional({ type: PersonDto, description: 'The person the actor acts for.' })
  @Optional()
  @IsObject()
  @ValidateNested()
  @Type(() => PersonDto)
  readonly onBehalfOf?: PersonDto;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'What the caller says about the actor.',
  })
  @Optional()
  @IsFreeJson()
  readonly properties?: FreeJson;
}

export class ActionDto {
  @ApiProperty({ example: 'database:read' })
  @Matches(NAME, { message: `name ${NAME_RULE}` })
  readonly name: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, example: { limit: 50 } })
  @Optional()
  @IsFreeJson()
  readonly properties?: FreeJson;
}

export class ResourceDto {
  @ApiProperty({ example: 'table' })
  @Matches(NAME, { message: `type ${NAME_RULE}` })
  readonly type: string;

  @ApiProperty({ example: 'orders' })
  @Matches(NAME, { message: `id ${NAME_RULE}` })
  readonly id: string;

  @ApiPropertyOptional({ enum: SENSITIVITIES, description: 'The higher of this and the catalogue’s holds.' })
  @Optional()
  @IsIn(SENSITIVITIES)
  readonly sensitivity?: (typeof SENSITIVITIES)[number];

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, example: { region: 'eu' } })
  @Optional()
  @IsFreeJson()
  readonly properties?: FreeJson;
}

export class ContextDto {
  @ApiPropertyOptional({ example: 'answer a support question', maxLength: 2000 })
  @Optional()
  @IsString()
  @MaxLength(2_000)
  @Matches(TEXT, { message: 'intent must be well-formed text' })
  readonly intent?: string;

  @ApiPropertyOptional({ type: [String], example: ['pii'], maxItems: 64 })
  @Optional()
  @IsArray()
  @ArrayMaxSize(64)
  @Matches(NAME, { each: true, message: `each of dataClasses ${NAME_RULE}` })
  readonly dataClasses?: string[];

  @ApiPropertyOptional({ minimum: 0, maximum: 100, example: 42 })
  @Optional()
  @IsNumber({ allowNaN: false, allowInfinity: false })
  @Min(0)
  @Max(100)
  readonly riskScore?: number;

  @ApiPropertyOptional({ example: 'production' })
  @Optional()
  @Matches(NAME, { message: `environment ${NAME_RULE}` })
  readonly environment?: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  @Optional()
  @IsFreeJson()
  readonly attributes?: FreeJson;
}

/** What an actor wants to do. */
export class DecisionRequestDto {
  @ApiPropertyOptional({ type: ActorDto, description: 'Left out: the caller itself.' })
  @Optional()
  @IsObject()
  @ValidateNested()
  @Type(() => ActorDto)
  readonly actor?: ActorDto;

  @ApiProperty({ type: ActionDto })
  @IsObject()
  @ValidateNested()
  @Type(() => ActionDto)
  readonly action: ActionDto;

  @ApiProperty({ type: ResourceDto })
  @IsObject()
  @ValidateNested()
  @Type(() => ResourceDto)
  readonly resource: ResourceDto;

  @ApiPropertyOptional({ type: ContextDto })
  @Optional()
  @IsObject()
  @ValidateNested()
  @Type(() => ContextDto)
  readonly context?: ContextDto;
}

export class DecisionBatchDto {
  @ApiProperty({ type: [DecisionRequestDto], minItems: 1, maxItems: 100 })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => DecisionRequestDto)
  readonly requests: DecisionRequestDto[];
}

export class DecisionQuery {
  @ApiPropertyOptional({ description: 'Id of an actor, or of the person acted for.' })
  @IsOptional()
  @Matches(NAME, { message: `actor ${NAME_RULE}` })
  readonly actor?: string;

  @ApiPropertyOptional({ enum: OUTCOMES })
  @IsOptional()
  @IsIn(OUTCOMES)
  readonly outcome?: (typeof OUTCOMES)[number];

  @ApiPropertyOptional({ description: 'Name of a deciding policy.' })
  @IsOptional()
  @Matches(NAME, { message: `policy ${NAME_RULE}` })
  readonly policy?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Not before.' })
  @IsOptional()
  @Matches(MOMENT, { message: '$property must be an RFC 3339 date-time' })
  @IsISO8601({ strict: true })
  readonly from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Before.' })
  @IsOptional()
  @Matches(MOMENT, { message: '$property must be an RFC 3339 date-time' })
  @IsISO8601({ strict: true })
  readonly to?: string;

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
