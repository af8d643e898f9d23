import { Body, Controller, Delete, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, Incoming, type IncomingRequest, type Principal, ReadsPersonalData, Requires } from '@lexecon/auth';
import type { AssertionOptions } from '../passkey/webauthn.js';
import { notAccepted } from '../refusal.js';
import { proofIn } from '../sign-in/auth.controller.js';
import { SessionView } from '../sign-in/auth.view.js';
import { type Reply, SessionCarrier } from './session.carrier.js';
import { csrfTokenOf } from './session.cookie.js';
import { CurrentSessionView, EndedView, SessionListView, StepUp } from './session.dto.js';
import { SessionOverview } from './session.overview.js';
import { StepUpService } from './step-up.service.js';

/** One's own sessions, and the proof that makes this one fresh again. */
@ApiTags('auth')
@Controller('api/v1/auth')
export class SessionController {
  constructor(
    private readonly overview: SessionOverview,
    private readonly steps: StepUpService,
    private readonly carrier: SessionCarrier,
  ) {}

  @Get('session')
  @Requires('account:own')
  @ApiOperation({ summary: 'The session the request came with' })
  @ApiOkResponse({ type: CurrentSessionView })
  current(
    @Caller() { id, roles, fresh, session }: Principal,
    @Incoming() request: IncomingRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): CurrentSessionView {
    const credentials = this.carrier.credentialsOf(request);
    if (!credentials || session === undefined) throw noSession();
    const { transport, token } = credentials;
    reply.header('cache-control', 'no-store');
    const view = { id: session, session: transport, account: id, roles, fresh };
    return transport === 'cookie' ? { ...view, csrfToken: csrfTokenOf(token) } : view;
  }

  @Get('sessions')
  @Requires('account:own')
  @ReadsPersonalData('sessions')
  @ApiOperation({ summary: 'One’s own sessions that have not ended' })
  @ApiOkResponse({ type: SessionListView })
  async list(@Caller() caller: Principal): Promise<SessionListView> {
    return { items: await this.overview.own(caller) };
  }

  @Delete('sessions/:id')
  @HttpCode(204)
  @Requires('account:own')
  @ApiOperation({ summary: 'End one of one’s own sessions' })
  @ApiNoContentResponse()
  end(@Caller() caller: Principal, @Param('id') id: string): Promise<void> {
    return this.overview.end(caller, id);
  }

  @Delete('sessions')
  @Requires('account:own')
  @ApiOperation({ summary: 'End all of one’s own sessions but this one' })
  @ApiOkResponse({ type: EndedView })
  async endOthers(@Caller() caller: Principal): Promise<EndedView> {
    return { ended: await this.overview.endOthers(caller) };
  }

  @Post('step-up/options')
  @HttpCode(200)
  @Requires('account:own')
  @ApiOperation({ summary: 'What a browser needs to step up with a passkey' })
  @ApiOkResponse({ description: 'PublicKeyCredentialRequestOptionsJSON (WebAuthn)', schema: { type: 'object' } })
  stepUpOptions(@Caller() caller: Principal): Promise<AssertionOptions> {
    return this.steps.options(caller);
  }

  @Post('step-up')
  @HttpCode(200)
  @Requires('account:own')
  @ApiOperation({ summary: 'Prove the second factor again; the session goes on under another token' })
  @ApiOkResponse({ type: SessionView })
  async stepUp(
    @Caller() caller: Principal,
    @Body() body: StepUp,
    @Incoming() request: IncomingRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<SessionView> {
    const proof = proofIn(body);
    const credentials = this.carrier.credentialsOf(request);
    if (!credentials || caller.session === undefined) throw noSession();
    return this.carrier.hand(reply, await this.steps.prove(caller, credentials.token, proof));
  }
}

const noSession = () => notAccepted('This needs a session that was opened by signing in.');
