import { Body, Controller, Delete, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, type Principal, Requires, unprocessable } from '@lexecon/auth';
import { NewPasskeyBody, PasskeyListView, PasskeyView } from '../passkey/passkey.dto.js';
import { attestationOf } from '../passkey/passkey.rules.js';
import type { RegistrationOptions } from '../passkey/webauthn.js';
import type { Reply } from '../session/session.carrier.js';
import { FactorsView, RecoveryCodesView, TotpCode, TotpView } from './factor.dto.js';
import { FactorService } from './factor.service.js';

const fresh = { fresh: true };

/** One's own second factors. To change them needs a fresh proof of one of them. */
@ApiTags('auth')
@Controller('api/v1/auth')
export class FactorController {
  constructor(private readonly factors: FactorService) {}

  @Get('factors')
  @Requires('account:own')
  @ApiOperation({ summary: 'Which second factors one has' })
  @ApiOkResponse({ type: FactorsView })
  read(@Caller() caller: Principal): Promise<FactorsView> {
    return this.factors.stateOf(caller);
  }

  @Post('factors/totp')
  @HttpCode(200)
  @Requires('account:own', fresh)
  @ApiOperation({ summary: 'Begin to add or replace the authenticator app' })
  @ApiOkResponse({ type: TotpView })
  beginTotp(@Caller() caller: Principal, @Res({ passthrough: true }) reply: Reply): Promise<TotpView> {
    reply.header('cache-control', 'no-store');
    return this.factors.beginTotp(caller);
  }

  @Post('factors/totp/confirm')
  @HttpCode(204)
  @Requires('account:own', fresh)
  @ApiOperation({ summary: 'The first code of the new app: from now on only the new one counts' })
  @ApiNoContentResponse()
  confirmTotp(@Caller() caller: Principal, @Body() { code }: TotpCode): Promise<void> {
    return this.factors.confirmTotp(caller, code);
  }

  @Delete('factors/totp')
  @HttpCode(204)
  @Requires('account:own', fresh)
  @ApiOperation({ summary: 'Remove the authenticator app, unless it is the last factor' })
  @ApiNoContentResponse()
  removeTotp(@Caller() caller: Principal): Promise<void> {
    return this.factors.removeTotp(caller);
  }

  @Post('recovery-codes')
  @HttpCode(200)
  @Requires('account:own', fresh)
  @ApiOperation({ summary: 'Make new recovery codes; the old ones do not count any more' })
  @ApiOkResponse({ type: RecoveryCodesView })
  async renewCodes(@Caller() caller: Principal, @Res({ passthrough: true }) reply: Reply): Promise<RecoveryCodesView> {
    reply.header('cache-control', 'no-store');
    return { recoveryCodes: await this.factors.renewCodes(caller) };
  }

  @Get('passkeys')
  @Requires('account:own')
  @ApiOperation({ summary: 'One’s own passkeys' })
  @ApiOkResponse({ type: PasskeyListView })
  async passkeys(@Caller() caller: Principal): Promise<PasskeyListView> {
    return { items: await this.factors.passkeysOf(caller) };
  }

  @Post('passkeys/options')
  @HttpCode(200)
  @Requires('account:own', fresh)
  @ApiOperation({ summary: 'What a browser needs to make another passkey' })
  @ApiOkResponse({ description: 'PublicKeyCredentialCreationOptionsJSON (WebAuthn)', schema: { type: 'object' } })
  passkeyOptions(@Caller() caller: Principal): Promise<RegistrationOptions> {
    return this.factors.passkeyOptions(caller);
  }

  @Post('passkeys')
  @Requires('account:own', fresh)
  @ApiOperation({ summary: 'Register a passkey' })
  @ApiCreatedResponse({ type: PasskeyView })
  addPasskey(@Caller() caller: Principal, @Body() { attestation, label }: NewPasskeyBody): Promise<PasskeyView> {
    const answer = attestationOf(attestation);
    if (!answer) throw unprocessable([{ pointer: '/attestation', detail: 'is not what a browser answers' }]);
    return this.factors.addPasskey(caller, answer, label);
  }

  @Delete('passkeys/:id')
  @HttpCode(204)
  @Requires('account:own', fresh)
  @ApiOperation({ summary: 'Remove a passkey, unless it is the last factor' })
  @ApiNoContentResponse()
  removePasskey(@Caller() caller: Principal, @Param('id') id: string): Promise<void> {
    return this.factors.removePasskey(caller, id);
  }
}
