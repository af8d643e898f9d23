import { Body, Controller, Headers, HttpCode, Ip, Post } from '@nestjs/common';
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
import { Public, unprocessable } from '@lexecon/auth';
import { Activate, ConfirmFactor, LogIn, SecondFactor, SetUp } from './auth.dto.js';
import { ChallengeView, EnrolmentView, SessionView, SetUpView } from './auth.view.js';
import { networkOf } from '../address.js';
import { EnrolmentService } from './enrolment.service.js';
import { bearerOf } from '../identity.authenticator.js';
import { PersonService } from '../person/person.service.js';
import { notAccepted } from '../refusal.js';
import { SetupService } from '../person/setup.service.js';
import { SignInService } from './sign-in.service.js';

/** Public routes: each asks for a proof of its own in the body, or for the session's token in the header. */
@ApiTags('auth')
@ApiExtraModels(ChallengeView, EnrolmentView)
@Controller('api/v1/auth')
export class AuthController {
  constructor(
    private readonly signIn: SignInService,
    private readonly enrolments: EnrolmentService,
    private readonly people: PersonService,
    private readonly setups: SetupService,
  ) {}

  @Post('setup')
  @Public()
  @ApiOperation({ summary: 'Make the first administrator with the setup token, once' })
  @ApiCreatedResponse({ type: SetUpView })
  setUp(@Body() body: SetUp, @Ip() address: string): Promise<SetUpView> {
    return this.setups.setUp(body, address);
  }

  @Post('activate')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'Accept an invitation: choose a password and begin the second factor' })
  @ApiOkResponse({ type: EnrolmentView })
  activate(@Body() { token, password }: Activate, @Ip() address: string): Promise<EnrolmentView> {
    return this.people.activate(token, password, address);
  }

  @Post('totp')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'Confirm the second factor with its first code, and be signed in' })
  @ApiOkResponse({ type: SessionView })
  confirm(@Body() { enrolment, code }: ConfirmFactor, @Ip() address: string): Promise<SessionView> {
    return this.enrolments.confirm(enrolment, code, { public: { network: networkOf(address) } });
  }

  @Post('login')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'First step of signing in: e-mail and password' })
  @ApiOkResponse({
    schema: { oneOf: [{ $ref: getSchemaPath(ChallengeView) }, { $ref: getSchemaPath(EnrolmentView) }] },
  })
  login(@Body() { email, password, session }: LogIn, @Ip() address: string): Promise<ChallengeView | EnrolmentView> {
    if (session === 'cookie')
      throw unprocessable([{ pointer: '/session', detail: 'cookie sessions are not offered yet: use bearer' }]);
    return this.signIn.login(email, password, address);
  }

  @Post('second-factor')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'Second step of signing in: a code of the authenticator app' })
  @ApiOkResponse({ type: SessionView })
  secondFactor(@Body() { challenge, code }: SecondFactor, @Ip() address: string): Promise<SessionView> {
    return this.signIn.secondFactor(challenge, code, address);
  }

  @Post('logout')
  @HttpCode(204)
  @Public()
  @ApiBearerAuth()
  @ApiOperation({ summary: 'End the session whose token is in the Authorization header' })
  @ApiNoContentResponse()
  async logout(@Headers('authorization') authorization?: string): Promise<void> {
    const token = bearerOf(authorization);
    if (token === null) throw notAccepted('Send the token of the session in the Authorization header.');
    await this.signIn.logout(token);
  }
}
