import { Body, Controller, Delete, Get, Param, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, type Principal, ReadsPersonalData, Requires } from '@lexecon/auth';
import { FactorResetView, ResetFactors } from '../factor/factor.dto.js';
import { ResetService } from '../factor/reset.service.js';
import type { Reply } from './session.carrier.js';
import { EndedView, EndSessions, SessionListView } from './session.dto.js';
import { SessionOverview } from './session.overview.js';

/** What administrators do about somebody's sessions and lost factors. */
@ApiTags('users')
@Controller('api/v1/users')
export class UserSessionController {
  constructor(
    private readonly overview: SessionOverview,
    private readonly resets: ResetService,
  ) {}

  @Get(':id/sessions')
  @Requires('access:read')
  @ReadsPersonalData('sessions', { account: 'id' })
  @ApiOperation({ summary: 'The sessions of a person that have not ended' })
  @ApiOkResponse({ type: SessionListView })
  async list(@Param('id') id: string): Promise<SessionListView> {
    return { items: await this.overview.of(id) };
  }

  @Delete(':id/sessions')
  @Requires('user:write', { fresh: true })
  @ApiOperation({ summary: 'End every session of a person' })
  @ApiOkResponse({ type: EndedView })
  async end(@Caller() caller: Principal, @Param('id') id: string, @Body() { reason }: EndSessions): Promise<EndedView> {
    return { ended: await this.overview.endAllOf(caller, id, reason) };
  }

  @Post(':id/factors/reset')
  @Requires('user:write', { fresh: true })
  @ApiOperation({
    summary: 'Take away every second factor of somebody who lost them; the answer shows the ticket this once',
  })
  @ApiCreatedResponse({ type: FactorResetView })
  reset(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() { reason }: ResetFactors,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<FactorResetView> {
    reply.header('cache-control', 'no-store');
    return this.resets.reset(caller, id, reason);
  }
}
