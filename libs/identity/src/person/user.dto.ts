import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsEmail,
  IsIn,
  IsString,
  Length,
  Matches,
} from 'class-validator';
import type { Role } from '@lexecon/auth';
import { personRoles, type Person } from './account.js';
import { ENDS_AT, GrantView, JUSTIFICATION, TICKET } from './grant.dto.js';
import type { Invitation, Invited, PersonWithGrants } from './person.service.js';
import { LINE, MOMENT, moment, oneLine } from '../text.rules.js';

export class InviteUser implements Invitation {
  @ApiProperty({ format: 'email', maxLength: 254, example: 'ada@example.com' })
  @IsEmail()
  @Matches(LINE)
  @Length(3, 254)
  readonly email: string;

  @ApiProperty({ enum: personRoles, isArray: true, minItems: 1, example: ['policy-author'] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(personRoles.length)
  @ArrayUnique()
  @IsIn(personRoles, { each: true })
  readonly roles: readonly Role[];

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

export class UserView implements Person {
  @ApiProperty({ format: 'uuid', example: '0199f0c4-5d3e-7c1a-9b44-6f1f0d7c2a10' })
  readonly id: string;

  @ApiProperty({ format: 'email', example: 'ada@example.com' })
  readonly email: string;

  @ApiProperty({ enum: personRoles, isArray: true, example: ['policy-author'] })
  readonly roles: readonly string[];

  @ApiProperty({ example: 'writes the policies of the support team' })
  readonly justification: string;

  @ApiProperty({ enum: ['invited', 'active', 'disabled', 'deleted'], example: 'invited' })
  readonly status: Person['status'];

  @ApiProperty({ description: 'Whether a second factor is enrolled', example: false })
  readonly secondFactor: boolean;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T10:30:00.123Z' })
  readonly createdAt: Date;
}

export class UserWithGrantsView extends UserView implements PersonWithGrants {
  @ApiProperty({ type: [GrantView], description: 'Newest first, ended ones too' })
  readonly grants: readonly GrantView[];
}

export class InvitedView extends UserView implements Invited {
  @ApiProperty({
    description: 'For the person alone, who sends it to /api/v1/auth/activate; told this once',
    example: 'lxt_…',
  })
  readonly invitation: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-29T10:30:00.123Z' })
  readonly invitationExpiresAt: Date;
}

export class UserPageView {
  @ApiProperty({ type: [UserView] })
  readonly items: readonly UserView[];

  @ApiProperty({ type: String, nullable: true, description: 'Cursor of the next page', example: null })
  readonly next: string | null;
}
