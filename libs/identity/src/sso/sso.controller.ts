import { Controller, Get, HttpCode, Inject, Param, Post, Query, Redirect, Res } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { Caller, Incoming, type IncomingRequest, type Principal, Public, Requires } from '@lexecon/auth';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { SessionCarrier } from '../session/session.carrier.js';
import { ChallengeView, EnrolmentView, SessionView } from '../sign-in/auth.view.js';
import { browserCookie, browserOf } from './browser.cookie.js';
import { FormField } from './form.field.js';
import { ProviderLogoutService } from './provider-logout.service.js';
import { LinkView, ProviderName, StartQuery } from './sso.dto.js';
import { ATTEMPT_MINUTES, SsoService } from './sso.service.js';

interface Answer {
  header(name: string, value: string): unknown;
}

/** Public routes: a browser on its way through its company's identity provider, and that provider itself. */
@ApiTags('auth')
@ApiExtraModels(SessionView, ChallengeView, EnrolmentView)
@Controller('api/v1/auth/oidc/:provider')
export class SsoController {
  readonly #secure: boolean;

  constructor(
    private readonly signIns: SsoService,
    private readonly logouts: ProviderLogoutService,
    private readonly carrier: SessionCarrier,
    @Inject(SETTINGS) { PUBLIC_URL = '' }: Pick<IdentitySettings, 'PUBLIC_URL'>,
  ) {
    this.#secure = PUBLIC_URL.startsWith('https:');
  }

  @Get()
  @Public()
  @Redirect()
  @ApiOperation({ summary: 'Begin to sign in at an identity provider: leads the browser there' })
  @ApiFoundResponse({ description: 'To the provider; the cookie that is set has to come back with the callback' })
  async begin(
    @Param() { provider }: ProviderName,
    @Query() { session = 'bearer', prompt }: StartQuery,
    @Incoming() from: IncomingRequest,
    @Res({ passthrough: true }) answer: Answer,
  ): Promise<{ readonly url: string; readonly statusCode: number }> {
    this.carrier.assertCarriable(session, from);
    const held = this.carrier.heldBy(session, from);
    const { location, browser } = await this.signIns.begin(provider, { session, prompt, held });
    answer.header('set-cookie', browserCookie(browser, this.#secure, ATTEMPT_MINUTES * 60));
    answer.header('cache-control', 'no-store');
    return { url: location, statusCode: 302 };
  }

  @Post('link')
  @HttpCode(200)
  @Requires('account:own', { fresh: true })
  @ApiOperation({
    summary: 'Begin to link an identity at the provider to one’s own account',
    description: 'The browser that asked has to go to `location`, with the cookie that is set.',
  })
  @ApiOkResponse({ type: LinkView })
  async link(
    @Param() { provider }: ProviderName,
    @Caller() by: Principal,
    @Res({ passthrough: true }) answer: Answer,
  ): Promise<LinkView> {
    const { location, browser } = await this.signIns.begin(provider, { session: 'bearer', by });
    answer.header('set-cookie', browserCookie(browser, this.#secure, ATTEMPT_MINUTES * 60));
    answer.header('cache-control', 'no-store');
    return { location };
  }

  @Get('callback')
  @Public()
  @ApiOperation({ summary: 'Where the provider leads the browser back to' })
  @ApiQuery({ name: 'code', required: false, schema: { type: 'string' } })
  @ApiQuery({ name: 'state', required: false, schema: { type: 'string' } })
  @ApiQuery({ name: 'iss', required: false, schema: { type: 'string' } })
  @ApiQuery({ name: 'error', required: false, schema: { type: 'string' } })
  @ApiOkResponse({
    schema: {
      oneOf: [SessionView, ChallengeView, EnrolmentView].map((view) => ({ $ref: getSchemaPath(view) })),
    },
  })
  async finish(
    @Param() { provider }: ProviderName,
    @Query() query: Readonly<Record<string, unknown>>,
    @Incoming() from: IncomingRequest,
    @Res({ passthrough: true }) answer: Answer,
  ): Promise<SessionView | ChallengeView | EnrolmentView> {
    answer.header('cache-control', 'no-store');
    answer.header('referrer-policy', 'no-referrer');
    const arrived = await this.signIns.finish(provider, {
      parameters: parametersOf(query),
      browser: browserOf(from.headers.cookie, this.#secure),
      from,
    });
    answer.header('set-cookie', browserCookie(null, this.#secure, 0));
    return 'next' in arrived ? arrived : this.carrier.hand(answer, arrived);
  }

  @Post('backchannel-logout')
  @HttpCode(200)
  @Public()
  @ApiOperation({
    summary: 'For the provider: somebody logged out there (OpenID Connect Back-Channel Logout 1.0)',
    description: 'Takes `logout_token` in a form (`application/x-www-form-urlencoded`).',
  })
  @ApiOkResponse({ description: 'Their sessions here have ended, if there were any' })
  async logOut(
    @Param() { provider }: ProviderName,
    @FormField('logout_token') token: string,
    @Incoming() from: IncomingRequest,
    @Res({ passthrough: true }) answer: Answer,
  ): Promise<void> {
    answer.header('cache-control', 'no-store');
    await this.logouts.logOut(provider, token, from);
  }
}

/** A parameter that comes twice stays twice: the library refuses it. */
const parametersOf = (query: Readonly<Record<string, unknown>>): URLSearchParams =>
  new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, String(one)]),
    ),
  );
