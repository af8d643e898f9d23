import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Incoming, type IncomingRequest, Public, unprocessable } from '@lexecon/auth';
import { ResetService } from '../factor/reset.service.js';
import { EnrolmentOf, EnrolPasskey } from '../passkey/passkey.dto.js';
import { attestationOf } from '../passkey/passkey.rules.js';
import type { RegistrationOptions } from '../passkey/webauthn.js';
import { type Reply, SessionCarrier } from '../session/session.carrier.js';
import { ConfirmFactor, Reenrol } from './auth.dto.js';
import { EnrolledView, EnrolmentView } from './auth.view.js';
import { type Enrolled, EnrolmentService } from './enrolment.service.js';

/** The first second factor, and the first after an administrator took them away. Public: the enrolment is the proof. */
@ApiTags('auth')
@Controller('api/v1/auth')
export class EnrolmentController {
  constructor(
    private readonly enrolments: EnrolmentService,
    private readonly resets: ResetService,
    private readonly carrier: SessionCarrier,
  ) {}

  @Post('enrolment')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'Begin the second factor anew with an administrator’s ticket and the password' })
  @ApiOkResponse({ type: EnrolmentView })
  again(
    @Body() { ticket, password, session = 'bearer' }: Reenrol,
    @Incoming() request: IncomingRequest,
  ): Promise<EnrolmentView> {
    this.carrier.assertPossible(session, request);
    return this.resets.enrol(ticket, password, request, session);
  }

  @Post('totp')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'Confirm the second factor with its first code, and be signed in' })
  @ApiOkResponse({ type: EnrolledView })
  async confirm(
    @Body() { enrolment, code }: ConfirmFactor,
    @Incoming() request: IncomingRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<EnrolledView> {
    return this.#hand(reply, await this.enrolments.confirm(enrolment, code, request));
  }

  @Post('enrolment/passkey/options')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'What a browser needs to make a passkey in place of the authenticator app' })
  @ApiOkResponse({ description: 'PublicKeyCredentialCreationOptionsJSON (WebAuthn)', schema: { type: 'object' } })
  passkeyOptions(@Body() { enrolment }: EnrolmentOf): Promise<RegistrationOptions> {
    return this.enrolments.passkeyOptions(enrolment);
  }

  @Post('enrolment/passkey')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'Register a passkey as the first second factor, and be signed in' })
  @ApiOkResponse({ type: EnrolledView })
  async confirmPasskey(
    @Body() { enrolment, attestation, label }: EnrolPasskey,
    @Incoming() request: IncomingRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<EnrolledView> {
    const answer = attestationOf(attestation);
    if (!answer) throw unprocessable([{ pointer: '/attestation', detail: 'is not what a browser answers' }]);
    return this.#hand(reply, await this.enrolments.confirmPasskey(enrolment, { attestation: answer, label }, request));
  }

  #hand(reply: Reply, { recoveryCodes, ...session }: Enrolled): EnrolledView {
    return { ...this.carrier.hand(reply, session), recoveryCodes };
  }
}
