import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { type KeyRole, keyRoles } from '../actor/actor.js';
import { LINE } from '../text.rules.js';
import type { Federation } from './federation.js';

const oneLine = { message: '$property must be one line of text without control characters' };

export class AddFederation {
  @ApiProperty({
    description: 'A pinned issuer (AGENT_ISSUERS_FILE), exactly as its tokens name it',
    example: 'https://kubernetes.default.svc.cluster.local',
    maxLength: 500,
  })
  @IsString()
  @Length(1, 500)
  @Matches(LINE, oneLine)
  readonly issuer: string;

  @ApiProperty({
    description: 'What the issuer’s tokens call the actor',
    example: 'system:serviceaccount:support:support-bot',
    maxLength: 256,
  })
  @IsString()
  @Length(1, 256)
  @Matches(LINE, oneLine)
  readonly subject: string;

  @ApiPropertyOptional({
    enum: keyRoles,
    description: 'Unset: gateway or provisioner for an actor registered as one, else agent',
    example: 'agent',
  })
  @IsOptional()
  @IsIn(keyRoles)
  readonly role?: KeyRole;
}

export class FederationView implements Federation {
  @ApiProperty({ format: 'uuid', example: '0199f0c4-5d3e-7c1a-9b44-6f1f0d7c2a11' })
  readonly id: string;

  @ApiProperty({ example: 'https://kubernetes.default.svc.cluster.local' })
  readonly issuer: string;

  @ApiProperty({ example: 'system:serviceaccount:support:support-bot' })
  readonly subject: string;

  @ApiProperty({ enum: keyRoles, example: 'agent' })
  readonly role: KeyRole;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T10:30:00.123Z' })
  readonly createdAt: Date;

  @ApiProperty({ format: 'date-time', type: String, nullable: true, example: null })
  readonly lastUsedAt: Date | null;
}

export class FederationsView {
  @ApiProperty({ type: [FederationView] })
  readonly items: readonly FederationView[];
}
