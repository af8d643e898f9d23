import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Length, Matches } from 'class-validator';
import { ASSERTION } from '../passkey/passkey.dto.js';
import { IsAssertion } from '../passkey/passkey.rules.js';
import { CODE, SIX_DIGITS, sixDigits } from '../sign-in/auth.dto.js';
import { LINE } from '../text.rules.js';

/** Exactly one of the two. */
export class StepUp {
  @ApiPropertyOptional(CODE)
  @IsOptional()
  @IsString()
  @Matches(SIX_DIGITS, sixDigits)
  readonly code?: string;

  @ApiPropertyOptional(ASSERTION)
  @IsOptional()
  @IsAssertion()
  readonly assertion?: unknown;
}

export class EndSessions {
  @ApiProperty({ description: 'Why', minLength: 3, maxLength: 1000, example: 'laptop reported stolen' })
  @IsString()
  @Length(3, 1000)
  @Matches(LINE, { message: '$property must be one line of text without control characters' })
  readonly reason: string;
}

export class CurrentSessionView {
  @ApiProperty({ format: 'uuid', description: 'Of the session', example: '7d0c2f2e-51f4-4d1a-9a3e-0f4b3f0b6c11' })
  readonly id: string;

  @ApiProperty({ enum: ['bearer', 'cookie'], example: 'cookie' })
  readonly session: 'bearer' | 'cookie';

  @ApiProperty({ format: 'uuid', description: 'Of the account', example: '0199f0c4-5d3e-7c1a-9b44-6f1f0d7c2a10' })
  readonly account: string;

  @ApiProperty({ type: [String], example: ['policy-approver'] })
  readonly roles: readonly string[];

  @ApiProperty({ description: 'Whether a second factor was proven within FRESH_PROOF_MINUTES', example: true })
  readonly fresh: boolean;

  @ApiPropertyOptional({ description: 'cookie: to be sent as `X-CSRF-Token`', example: 'w7cQ…' })
  readonly csrfToken?: string;
}

export class ListedSessionView {
  @ApiProperty({ format: 'uuid', example: '7d0c2f2e-51f4-4d1a-9a3e-0f4b3f0b6c11' })
  readonly id: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T10:30:00.123Z' })
  readonly createdAt: Date;

  @ApiProperty({ format: 'date-time', description: 'To the minute', example: '2026-11-22T10:42:00.123Z' })
  readonly seenAt: Date;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T22:30:00.123Z' })
  readonly expiresAt: Date;

  @ApiProperty({ description: 'Network it was begun from: IPv4 /24 or IPv6 /48', example: '192.0.2.0/24' })
  readonly network: string;

  @ApiProperty({ description: 'How it was begun', example: 'passkey' })
  readonly method: string;

  @ApiProperty({ enum: ['bearer', 'cookie'], example: 'bearer' })
  readonly session: 'bearer' | 'cookie';

  @ApiProperty({ description: 'Whether the request came with it', example: true })
  readonly current: boolean;
}

export class SessionListView {
  @ApiProperty({ type: [ListedSessionView], description: 'Last used first, 100 at most' })
  readonly items: readonly ListedSessionView[];
}

export class EndedView {
  @ApiProperty({ description: 'How many sessions were ended', example: 2 })
  readonly ended: number;
}
