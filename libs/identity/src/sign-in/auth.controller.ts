import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { Incoming, type IncomingRequest, Public, unprocessable } from '@lexecon/auth';
import { Activate, LogIn, SecondFactor, SetUp } from './auth.dto.js';
import { ChallengeView, EnrolmentView, SetUpView, SignedInView } from './auth.view.js';
import type { GivenProof } from '../factor/proof.service.js';
import { PasskeySignIn } from '../passkey/passkey.dto.js';
import { assertionOf } from '../passkey/passkey.rules.js';
import type { AssertionOptions } from '../passkey/webauthn.js';
import { PersonService } from '../person/person.service.js';
import { notAccepted } from '../refusal.js';
import { SetupService } from '../person/setup.service.js';
import { type Reply, SessionCarrier } from '../session/session.carrier.js';
import { SignInService } from './sign-in.service.js';

/** Public routes: each asks for a proof of its own in the body, or for the session's token or cookie. */
@ApiTags('auth')
@ApiExtraModels(ChallengeView, EnrolmentView)
@Controller('api/v1/auth')
export class AuthController {
  constructor(
    private readonly signIn: SignInService,
    private readonly people: PersonService,
    private readonly setups: SetupService,
    private readonly carrier: SessionCarrier,
  ) {}

  @Post('setup')
  @Public()
  @ApiOperation({ summary: 'Make the first administrator with the setup token, once' })
  @ApiCreatedResponse({ type: SetUpView })
  setUp(@Body() body: SetUp, @Incoming() request: IncomingRequest): Promise<SetUpView> {
    return this.setups.setUp(body, request);
  }

  @Post('activate')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'Accept an invitation: choose a password and begin the second factor' })
  @ApiOkResponse({ type: EnrolmentView })
  activate(
    @Body() { token, password, session = 'bearer' }: Activate,
    @Incoming() request: IncomingRequest,
  ): Promise<EnrolmentView> {
    this.carrier.assertPossible(session, request);
    return this.people.activate(token, password, request, session);
  }

  @Post('login')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'First step of signing in: e-mail and password' })
  @ApiOkResponse({
    schema: { oneOf: [{ $ref: getSchemaPath(ChallengeView) }, { $ref: getSchemaPath(EnrolmentView) }] },
  })
  login(
    @Body() { email, password, session = 'bearer' }: LogIn,
    @Incoming() request: IncomingRequest,
  ): Promise<ChallengeView | EnrolmentView> {
    this.carrier.assertPossible(session, request);
    return this.signIn.login(email, password, request, session);
  }

  @Post('second-factor')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'Second step of signing in: a code, a recovery code, or a passkey' })
  @ApiOkResponse({ type: SignedInView })
  async secondFactor(
    @Body() body: SecondFactor,
    @Incoming() request: IncomingRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<SignedInView> {
    const { recoveryCodesLeft, ...session } = await this.signIn.secondFactor(body.challenge, proofIn(body), request);
    return { ...this.carrier.hand(reply, session), ...(recoveryCodesLeft !== undefined && { recoveryCodesLeft }) };
  }

  @Post('passkey/options')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'What a browser needs to sign in with a passkey alone' })
  @ApiOkResponse({ description: 'PublicKeyCredentialRequestOptionsJSON (WebAuthn)', schema: { type: 'object' } })
  passkeyOptions(): Promise<AssertionOptions> {
    return this.signIn.passkeyOptions();
  }

  @Post('passkey')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'Sign in with a passkey alone: the device and what unlocks it are two factors' })
  @ApiOkResponse({ type: SignedInView })
  async passkey(
    @Body() { assertion, session = 'bearer' }: PasskeySignIn,
    @Incoming() request: IncomingRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<SignedInView> {
    const answer = assertionOf(assertion);
    if (!answer) throw unprocessable([{ pointer: '/assertion', detail: 'is not what a browser answers' }]);
    return this.carrier.hand(reply, await this.signIn.passkey(answer, session, request));
  }

  @Post('logout')
  @HttpCode(204)
  @Public()
  @ApiBearerAuth()
  @ApiOperation({ summary: 'End the session whose token is in the Authorization header or in the cookie' })
  @ApiNoContentResponse()
  async logout(@Incoming() request: IncomingRequest, @Res({ passthrough: true }) reply: Reply): Promise<void> {
    const credentials = this.carrier.credentialsOf(request);
    if (!credentials) throw notAccepted('Send the token of the session in the Authorization header, or its cookie.');
    await this.signIn.logout(credentials, request);
    this.carrier.takeBack(reply, credentials);
  }
}

/** Throws ProblemError 422 unless exactly one proof was sent. */
export function proofIn({ code, recoveryCode, assertion }: Omit<SecondFactor, 'challenge'>): GivenProof {
  if ([code, recoveryCode, assertion].filter((given) => given !== undefined).length !== 1)
    throw unprocessable([{ pointer: '', detail: 'exactly one of code, recoveryCode and assertion is needed' }]);
  return { code, recoveryCode, assertion: assertion === undefined ? undefined : assertionOf(assertion) };
}
