import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsString, Length, Matches } from 'class-validator';
import type { Role } from '@lexecon/auth';
import { LINE, MOMENT, moment, oneLine } from '../text.rules.js';
import { personRoles } from './account.js';
import type { Grant, GrantSource } from './grant.js';
import type { GivenGrant } from './grant.service.js';

export const JUSTIFICATION = {
  description: 'Why this person gets it',
  minLength: 3,
  maxLength: 1000,
  example: 'writes the policies of the support team',
};
export const TICKET = {
  description: 'Where it was asked for: the id of a request in your tracker',
  minLength: 1,
  maxLength: 100,
  example: 'IAM-1042',
};
export const ENDS_AT = {
  description: 'When it ends: after this moment, at most GRANT_MAX_DAYS days ahead (else 409 grant-period)',
  format: 'date-time',
  example: '2027-03-31T00:00:00Z',
};

export class GiveGrant implements GivenGrant {
  @ApiProperty({ enum: personRoles, example: 'reviewer' })
  @IsIn(personRoles)
  readonly role: Role;

  @ApiProperty(JUSTIFICATION)
  @IsString()
  @Length(3, 1000)
  @Matches(LINE, oneLine)
  readonly justification: string;

  @ApiProperty(TICKET)
  @IsString()
  @Length(1, 100)
  @Matches(LINE, oneLine)
  readonly ticket: string;

  @ApiProperty(ENDS_AT)
  @IsString()
  @Matches(MOMENT, moment)
  readonly endsAt: string;
}

/** Why something is changed about somebody. */
export class Because {
  @ApiProperty({
    description: 'Why; kept on record',
    minLength: 3,
    maxLength: 1000,
    example: 'left the company on Friday',
  })
  @IsString()
  @Length(3, 1000)
  @Matches(LINE, oneLine)
  readonly reason: string;
}

const ID = '0199f0c4-5d3e-7c1a-9b44-6f1f0d7c2a10';

export class GrantView implements Grant {
  @ApiProperty({ format: 'uuid', example: ID })
  readonly id: string;

  @ApiProperty({ format: 'uuid', example: ID })
  readonly accountId: string;

  @ApiProperty({ enum: personRoles, example: 'reviewer' })
  readonly role: string;

  @ApiProperty(JUSTIFICATION)
  readonly justification: string;

  @ApiProperty(TICKET)
  readonly ticket: string;

  @ApiProperty({ enum: ['person', 'setup', 'bootstrap', 'sso', 'scim'], example: 'person' })
  readonly source: GrantSource;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Null: no person gave it', example: ID })
  readonly grantedBy: string | null;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T10:30:00.123Z' })
  readonly grantedAt: Date;

  @ApiProperty({ format: 'date-time', example: '2027-03-31T00:00:00.000Z' })
  readonly endsAt: Date;

  @ApiProperty({ description: 'Whether it was given with the break-glass account', example: false })
  readonly byBreakGlass: boolean;

  @ApiProperty({ type: Date, nullable: true, description: 'When it was taken back before its end', example: null })
  readonly endedAt: Date | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, example: null })
  readonly endedBy: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  readonly endReason: string | null;

  @ApiProperty({ description: 'Whether it counts now', example: true })
  readonly active: boolean;
}
