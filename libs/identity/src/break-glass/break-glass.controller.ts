import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, type Principal, ReadsPersonalData, Requires } from '@lexecon/auth';
import {
  BreakGlassUsesView,
  BreakGlassUseView,
  ReviewUse,
  SealBreakGlass,
  SealedCredentialsView,
} from './break-glass.dto.js';
import { BreakGlassService } from './break-glass.service.js';
import { UseService } from './use.service.js';

@ApiTags('users')
@Controller('api/v1/users/break-glass')
export class BreakGlassController {
  constructor(
    private readonly breakGlass: BreakGlassService,
    private readonly uses: UseService,
  ) {}

  @Post()
  @Requires('user:write', { fresh: true })
  @ApiOperation({ summary: 'Seal the break-glass account anew; the answer shows its credentials this once' })
  @ApiCreatedResponse({ type: SealedCredentialsView })
  seal(@Caller() caller: Principal, @Body() body: SealBreakGlass): Promise<SealedCredentialsView> {
    return this.breakGlass.seal(caller, body);
  }

  @Get('uses')
  @Requires('access:read')
  @ReadsPersonalData('break-glass-uses')
  @ApiOperation({ summary: 'List sign-ins with the break-glass account, newest first' })
  @ApiOkResponse({ type: BreakGlassUsesView })
  async list(): Promise<BreakGlassUsesView> {
    return { items: await this.uses.list() };
  }

  @Post('uses/:id/review')
  @HttpCode(200)
  @Requires('user:review', { fresh: true })
  @ApiOperation({ summary: 'Review a use, as somebody who did not use it' })
  @ApiOkResponse({ type: BreakGlassUseView })
  review(@Caller() caller: Principal, @Param('id') id: string, @Body() body: ReviewUse): Promise<BreakGlassUseView> {
    return this.uses.review(caller, id, body);
  }
}
