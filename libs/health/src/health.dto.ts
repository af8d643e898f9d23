import { ApiProperty } from '@nestjs/swagger';

const word = { enum: ['healthy', 'degraded', 'unhealthy'], example: 'healthy' };

export class ComponentDto {
  @ApiProperty(word) readonly status: string;
  @ApiProperty({ description: 'Milliseconds that the check took', example: 2 }) readonly latency_ms: number;
}

export class HealthDto {
  @ApiProperty({ ...word, description: 'unhealthy (503): no decision can be recorded' }) readonly status: string;
  @ApiProperty({
    type: 'object',
    additionalProperties: { $ref: '#/components/schemas/ComponentDto' },
    example: { database: { status: 'healthy', latency_ms: 2 }, ledger: { status: 'healthy', latency_ms: 5 } },
  })
  readonly components: Readonly<Record<string, ComponentDto>>;
  @ApiProperty({ example: 345600 }) readonly uptime_seconds: number;
  @ApiProperty({ format: 'date-time' }) readonly timestamp: string;
  @ApiProperty({ example: '0.1.0' }) readonly version: string;
  @ApiProperty({ type: String, nullable: true, description: 'Hash of the active policy set', example: 'sha256:9f2c…' })
  readonly policy_set: string | null;
}

export class ReadinessDto {
  @ApiProperty({ enum: ['ready', 'starting', 'draining', 'not-ready'], example: 'ready' }) readonly status: string;
  @ApiProperty({ type: [String], description: 'What keeps this instance from serving', example: [] })
  readonly waitingFor: readonly string[];
}

export class StatusDto {
  @ApiProperty({ example: 'healthy' }) readonly status: string;
}
