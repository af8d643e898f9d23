import { Body, Controller, Delete, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, type Principal, Requires } from '@lexecon/auth';
import { Because, GiveGrant, GrantView } from './grant.dto.js';
import { GrantService } from './grant.service.js';

@ApiTags('users')
@Controller('api/v1/users/:id/grants')
export class GrantController {
  constructor(private readonly grants: GrantService) {}

  @Post()
  @Requires('user:write', { fresh: true })
  @ApiOperation({ summary: 'Give a person a role, for a reason and until a date' })
  @ApiCreatedResponse({ type: GrantView })
  give(@Caller() caller: Principal, @Param('id') id: string, @Body() body: GiveGrant): Promise<GrantView> {
    return this.grants.give(caller, id, body);
  }

  @Delete(':grantId')
  @HttpCode(204)
  @Requires('user:write', { fresh: true })
  @ApiOperation({ summary: 'Take a role back' })
  @ApiNoContentResponse()
  end(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('grantId') grantId: string,
    @Body() { reason }: Because,
  ): Promise<void> {
    return this.grants.end(caller, id, grantId, reason);
  }
}
