import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayUnique, IsArray, IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { SENSITIVITIES, type Sensitivity } from './core/index.js';
import type { Resource } from './resource.js';

/** One line of text: no control characters, no half surrogates. */
const LINE = /^[^\p{Cc}\p{Cs}]*$/u;
const oneLine = { message: '$property must be one line of text without control characters' };
const DATA_CLASS = /^[a-z0-9][a-z0-9._:-]{0,99}$/;

export class CatalogueResource {
  @ApiProperty({ example: 'table', maxLength: 255 })
  @IsString()
  @Length(1, 255)
  @Matches(LINE, oneLine)
  readonly type: string;

  @ApiProperty({
    description: 'An id, or a glob: * is characters except : and /, ** any characters',
    example: 'orders',
    maxLength: 255,
  })
  @IsString()
  @Length(1, 255)
  @Matches(LINE, oneLine)
  @Matches(/^(?!.*\*{3})/s, { message: '$property must not have three or more * in a row' })
  readonly resource: string;

  @ApiProperty({
    type: [String],
    description: 'Classes of the data in it; empty says that it holds none that are classified',
    example: ['pii'],
    maxItems: 100,
  })
  @IsArray()
  @ArrayMaxSize(100)
  @ArrayUnique()
  @Matches(DATA_CLASS, { each: true })
  readonly dataClasses: readonly string[];

  @ApiPropertyOptional({ enum: SENSITIVITIES, example: 'confidential' })
  @IsOptional()
  @IsIn(SENSITIVITIES)
  readonly sensitivity?: Sensitivity;

  @ApiProperty({ description: 'Who answers for it', example: 'team-orders', maxLength: 255 })
  @IsString()
  @Length(1, 255)
  @Matches(LINE, oneLine)
  readonly owner: string;

  @ApiPropertyOptional({
    description: 'The data subject it is about, as type:id',
    example: 'user:u-1842',
    maxLength: 300,
  })
  @IsOptional()
  @IsString()
  @Length(3, 300)
  @Matches(LINE, oneLine)
  @Matches(/^[a-z][a-z0-9-]*:./, { message: '$property must be like user:u-1842' })
  readonly subject?: string;
}

export class ResourceView implements Resource {
  @ApiProperty({ format: 'uuid', example: '0199f0c4-5d3e-7c1a-9b44-6f1f0d7c2a10' })
  readonly id: string;

  @ApiProperty({ example: 'table' })
  readonly type: string;

  @ApiProperty({ example: 'orders' })
  readonly resource: string;

  @ApiProperty({ type: [String], example: ['pii'] })
  readonly dataClasses: readonly string[];

  @ApiProperty({ enum: SENSITIVITIES, type: String, nullable: true, example: 'confidential' })
  readonly sensitivity: Sensitivity | null;

  @ApiProperty({ example: 'team-orders' })
  readonly owner: string;

  @ApiProperty({ type: String, nullable: true, example: 'user:u-1842' })
  readonly subject: string | null;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T10:30:00.123Z' })
  readonly createdAt: Date;
}

export class ResourcePageView {
  @ApiProperty({ type: [ResourceView] })
  readonly items: readonly ResourceView[];

  @ApiProperty({ type: String, nullable: true, description: 'Cursor of the following page', example: null })
  readonly next: string | null;
}
