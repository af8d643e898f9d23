import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import type { Opening, Receipt } from './core/index.js';

const SHARD = /^\d{4}h[12]$/;
const MOST = Number.MAX_SAFE_INTEGER;

export class ShardQuery {
  @ApiPropertyOptional({ example: '2026h2', description: 'Half-year of the log; the newest when left out.' })
  @IsOptional()
  @Matches(SHARD, { message: 'shard must be a half-year such as 2026h2' })
  readonly shard?: string;
}

export class InclusionQuery extends ShardQuery {
  @ApiProperty({ minimum: 0, example: 3 })
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(MOST)
  readonly index: number;

  @ApiPropertyOptional({ minimum: 1, description: 'Size of the tree; the newest published one when left out.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MOST)
  readonly size?: number;
}

export class ConsistencyQuery extends ShardQuery {
  @ApiProperty({ minimum: 0, example: 1 })
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(MOST)
  readonly from: number;

  @ApiPropertyOptional({ minimum: 0, description: 'The newest published size when left out.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(MOST)
  readonly to?: number;
}

export class InclusionView {
  @ApiProperty({ example: '2026h2' })
  readonly shard: string;

  @ApiProperty()
  readonly index: number;

  @ApiProperty()
  readonly size: number;

  @ApiProperty({ format: 'byte', description: 'The entry, 98 bytes.' })
  readonly leaf: string;

  @ApiProperty({ type: [String], description: "Hashes, the leaf's sibling first." })
  readonly path: readonly string[];

  @ApiProperty({ type: String, nullable: true, description: 'Signed note of this size; null when none was published.' })
  readonly checkpoint: string | null;
}

export class ConsistencyView {
  @ApiProperty({ example: '2026h2' })
  readonly shard: string;

  @ApiProperty()
  readonly from: number;

  @ApiProperty()
  readonly to: number;

  @ApiProperty({ type: [String] })
  readonly path: readonly string[];

  @ApiProperty({ type: String, nullable: true, description: 'Signed note of size `to`; null when none was published.' })
  readonly checkpoint: string | null;
}

export class KeyView {
  @ApiProperty({ example: 'lexecon.local/2026h2' })
  readonly name: string;

  @ApiProperty({ description: 'Verifier key of the signed-note format.' })
  readonly vkey: string;

  @ApiProperty({ format: 'date-time' })
  readonly firstUsed: string;

  @ApiProperty({ format: 'date-time', type: String, nullable: true, description: 'Null while the key is in use.' })
  readonly retiredAt: string | null;
}

export class KeysView {
  @ApiProperty({ type: [KeyView] })
  readonly keys: readonly KeyView[];
}

export class LeafView {
  @ApiProperty({ example: 'decision' })
  readonly kind: string;

  @ApiProperty({ example: 'decision', description: 'Retention class.' })
  readonly class: string;

  @ApiProperty({ format: 'date-time' })
  readonly time: string;

  @ApiProperty({ format: 'uuid' })
  readonly entry: string;

  @ApiProperty({ format: 'uuid', type: String, nullable: true, description: 'The entry that this one is about.' })
  readonly ref: string | null;

  @ApiProperty({ description: 'How many fields are committed to.' })
  readonly fields: number;

  @ApiProperty()
  readonly schema: number;
}

export class EntryView {
  @ApiProperty({ example: '2026h2' })
  readonly shard: string;

  @ApiProperty()
  readonly index: number;

  @ApiProperty({ format: 'byte', description: '98 bytes.' })
  readonly leaf: string;

  @ApiProperty({ type: LeafView })
  readonly decoded: LeafView;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'Public fields; null when no longer kept.',
  })
  readonly public: Opening['public'] | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'Receipt; null when no longer kept.',
  })
  readonly receipt: Receipt | null;
}
