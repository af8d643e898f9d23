import { ApiProperty } from '@nestjs/swagger';
import {
  type Actor,
  type ActorType,
  actorTypes,
  type ApiKey,
  type Attributes,
  type KeyRole,
  keyRoles,
  type RiskClass,
  riskClasses,
} from './actor.js';

export class AgentView implements Actor {
  @ApiProperty({ format: 'uuid', example: '0199f0c4-5d3e-7c1a-9b44-6f1f0d7c2a10' })
  readonly id: string;

  @ApiProperty({ enum: actorTypes, example: 'agent' })
  readonly type: ActorType;

  @ApiProperty({ example: 'support-bot' })
  readonly name: string;

  @ApiProperty({ example: 'team-support' })
  readonly owner: string;

  @ApiProperty({ example: 'answers questions of customers' })
  readonly purpose: string;

  @ApiProperty({ type: [String], example: ['support-agent'] })
  readonly roles: readonly string[];

  @ApiProperty({ type: 'object', additionalProperties: true, example: { region: 'eu' } })
  readonly attributes: Attributes;

  @ApiProperty({ enum: ['active', 'disabled'], example: 'active' })
  readonly status: 'active' | 'disabled';

  @ApiProperty({ format: 'date-time', example: '2026-11-22T10:30:00.123Z' })
  readonly createdAt: Date;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, example: null })
  readonly ownerId: string | null;

  @ApiProperty({ enum: riskClasses, example: 'limited' })
  readonly riskClass: RiskClass;

  @ApiProperty({ type: String, format: 'date', nullable: true, example: '2027-02-20' })
  readonly reviewBy: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  readonly reviewedAt: Date | null;
}

export class KeyView implements ApiKey {
  @ApiProperty({ example: '4fG7kQ2mZx9B' })
  readonly id: string;

  @ApiProperty({ enum: keyRoles, example: 'agent' })
  readonly role: KeyRole;

  @ApiProperty({ example: 'local' })
  readonly environment: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T10:30:00.123Z' })
  readonly createdAt: Date;

  @ApiProperty({ format: 'date-time', example: '2027-02-20T10:30:00.123Z' })
  readonly expiresAt: Date;

  @ApiProperty({ format: 'date-time', type: String, nullable: true, example: null })
  readonly revokedAt: Date | null;

  @ApiProperty({
    type: [String],
    nullable: true,
    description: 'Permissions that it is limited to; null: all of its role',
    example: ['decision:make'],
  })
  readonly scopes: readonly string[] | null;

  @ApiProperty({
    type: [String],
    nullable: true,
    description: 'Networks that it may be used from; null: from anywhere',
    example: null,
  })
  readonly networks: readonly string[] | null;

  @ApiProperty({
    format: 'date-time',
    type: String,
    nullable: true,
    description: 'To the minute, and up to a minute late; null: never',
    example: null,
  })
  readonly lastUsedAt: Date | null;
}

export class IssuedKeyView extends KeyView {
  @ApiProperty({ description: 'The key itself: answered this once, kept nowhere', example: 'lxk_local_…' })
  readonly key: string;
}

export class AgentWithKeysView extends AgentView {
  @ApiProperty({ type: [KeyView] })
  readonly keys: readonly KeyView[];
}

export class AgentPageView {
  @ApiProperty({ type: [AgentView] })
  readonly items: readonly AgentView[];

  @ApiProperty({ type: String, nullable: true, description: 'Cursor of the next page', example: null })
  readonly next: string | null;
}
