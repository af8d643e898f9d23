import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, Incoming, type IncomingRequest, type Principal, Public, Requires } from '@lexecon/auth';
import { Because } from './grant.dto.js';
import { ChangePassword, PasswordResetView, RedeemReset } from './password.dto.js';
import { PasswordService } from './password.service.js';

@ApiTags('auth')
@Controller('api/v1')
export class PasswordController {
  constructor(private readonly passwords: PasswordService) {}

  @Post('auth/password')
  @HttpCode(204)
  @Requires('account:own')
  @ApiOperation({ summary: 'Change one’s own password with the current one; all other sessions end' })
  @ApiNoContentResponse()
  change(
    @Caller() caller: Principal,
    @Body() { current, password }: ChangePassword,
    @Incoming() request: IncomingRequest,
  ): Promise<void> {
    return this.passwords.change(caller, current, password, request);
  }

  @Post('auth/password/reset')
  @HttpCode(204)
  @Public()
  @ApiOperation({ summary: 'Choose a new password with a reset that an administrator handed over' })
  @ApiNoContentResponse()
  redeem(@Body() { token, password }: RedeemReset, @Incoming() request: IncomingRequest): Promise<void> {
    return this.passwords.redeem(token, password, request);
  }

  @Post('users/:id/reset')
  @Requires('user:write', { fresh: true })
  @ApiOperation({ summary: 'Void a person’s password and sessions, for a new password; the second factor stays' })
  @ApiCreatedResponse({ type: PasswordResetView })
  reset(@Caller() caller: Principal, @Param('id') id: string, @Body() { reason }: Because): Promise<PasswordResetView> {
    return this.passwords.reset(caller, id, reason);
  }
}
