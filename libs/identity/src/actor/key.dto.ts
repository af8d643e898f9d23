import { ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { permissions } from '@lexecon/auth';
import { type KeyRole, keyRoles } from './actor.js';
import { AreNetworks } from './network.rules.js';

export class IssueKey {
  @ApiPropertyOptional({
    enum: keyRoles,
    description: 'Unset: gateway or provisioner for an actor registered as one, else agent',
    example: 'agent',
  })
  @IsOptional()
  @IsIn(keyRoles)
  readonly role?: KeyRole;

  @ApiPropertyOptional({ description: 'Days until the key expires', minimum: 1, maximum: 90, default: 90, example: 90 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(90)
  readonly days?: number;

  @ApiPropertyOptional({
    type: [String],
    enum: Object.keys(permissions),
    description: 'Permissions of the role that the key is limited to; unset: all of them',
    example: ['decision:make'],
    minItems: 1,
    maxItems: 32,
  })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(32)
  @ArrayUnique()
  @IsIn(Object.keys(permissions), { each: true })
  readonly scopes?: readonly string[];

  @ApiPropertyOptional({
    type: [String],
    description: 'Networks with their prefix that the key may be used from; unset: from anywhere',
    example: ['192.0.2.0/24'],
    minItems: 1,
    maxItems: 32,
  })
  @IsOptional()
  @AreNetworks()
  @ArrayMinSize(1)
  @ArrayMaxSize(32)
  @ArrayUnique()
  readonly networks?: readonly string[];
}
