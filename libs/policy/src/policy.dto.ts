import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import type { Json } from '@lexecon/crypto';
import { EXAMPLE_CASES, EXAMPLE_SOURCE } from './policy.example.js';

/** Longest text of a policy, in characters. */
const MAX_SOURCE = 262_144;
const SOURCE = { description: 'The policy, as YAML or JSON text', example: EXAMPLE_SOURCE, maxLength: MAX_SOURCE };

export class PolicySource {
  @ApiProperty({ ...SOURCE, minLength: 1 })
  @IsString()
  @Length(1, MAX_SOURCE)
  readonly source: string;
}

export class PolicyTest {
  @ApiPropertyOptional({
    type: [String],
    description: 'Texts of policies to try together; unset: the active ones',
    example: [EXAMPLE_SOURCE],
    maxItems: 20,
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(20)
  @IsString({ each: true })
  @Length(1, MAX_SOURCE, { each: true })
  readonly sources?: readonly string[];

  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'Requests and what must come out of them',
    example: EXAMPLE_CASES,
    minItems: 1,
    maxItems: 100,
  })
  @IsArray()
  readonly cases: readonly Json[];
}

export class PolicyPath {
  @ApiProperty({ example: 'customer-support' })
  @Matches(/^[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?$/, { message: 'name must be the name of a policy' })
  readonly name: string;
}

export class VersionPath extends PolicyPath {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 2_147_483_647, example: 7 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(2_147_483_647)
  readonly version: number;
}

export class ListQuery {
  @ApiPropertyOptional({ description: '`next` of the page before', maxLength: 200 })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  readonly cursor?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100, default: 50, example: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  readonly limit?: number;
}
