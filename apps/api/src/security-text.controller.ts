import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { notFound, Public } from '@lexecon/auth';
import type { Settings } from './settings.js';

/** How long a copy may be believed, in days. RFC 9116 wants less than a year. */
const VALID_DAYS = 90;
const DAY_MS = 86_400_000;

export type SecurityTextSettings = Pick<Settings, 'SECURITY_CONTACT' | 'PUBLIC_URL'>;

/** Injection token of SecurityTextSettings. */
export const SECURITY_TEXT = Symbol('security.txt');

@ApiTags('security')
@Controller('.well-known')
export class SecurityTextController {
  constructor(@Inject(SECURITY_TEXT) private readonly settings: SecurityTextSettings) {}

  @Get('security.txt')
  @Public()
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @ApiOperation({ summary: 'Whom to tell of a vulnerability (RFC 9116); 404 where SECURITY_CONTACT is unset' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string' } })
  text(): string {
    return securityText(this.settings, Date.now());
  }
}

/** `now` in Unix milliseconds. Throws ProblemError 404 without a contact: a file without one is not valid. */
export function securityText({ SECURITY_CONTACT, PUBLIC_URL }: SecurityTextSettings, now: number): string {
  if (SECURITY_CONTACT === undefined) throw notFound('contact');
  const lines = [
    ['Contact', SECURITY_CONTACT],
    ['Expires', expiry(now)],
    ['Preferred-Languages', 'en'],
    ...(PUBLIC_URL === undefined ? [] : [['Canonical', `${PUBLIC_URL}/.well-known/security.txt`]]),
  ];
  return lines.map((line) => `${line.join(': ')}\n`).join('');
}

/** The end of a whole day, so that one day's answers are the same. */
const expiry = (now: number): string =>
  new Date((Math.floor(now / DAY_MS) + 1 + VALID_DAYS) * DAY_MS).toISOString().replace('.000Z', 'Z');
