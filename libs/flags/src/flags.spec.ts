import { z } from 'zod';
import { flags } from './flag.list.js';
import { Flags } from './flags.js';
import { flagSettings } from './flags.config.js';

/** Words of names that could turn a security control off, weaken it, or go round it. */
const control =
  /mfa|2fa|factor|totp|passkey|webauthn|step_?up|auth|login|session|csrf|password|permission|role|grant|access|audit|ledger|record|receipt|proof|sign|verif|vault|encrypt|seal|erase|tls|https|cert|rate|limit|throttle|shed|breaker|kill|review|forbid|deny|fail_open|guard|skip|bypass|disable|without|allow|insecure|off(_|$)/;

describe('flags', () => {
  it('have their defaults, and what the setting says over them', () => {
    expect(new Flags().isEnabled('enable_async_auth')).toBe(true);
    expect(new Flags(' enable_async_auth=false ,').isEnabled('enable_async_auth')).toBe(false);
    expect(new Flags('enable_async_auth=true').isEnabled('enable_async_auth')).toBe(true);
  });

  it.each([
    ['nobody knows', 'enable_asynch_auth=true', 'there is no flag "enable_asynch_auth"'],
    ['of Object itself', 'constructor=true', 'there is no flag "constructor"'],
    ['set to something else', 'enable_async_auth=1', 'is not name=true or name=false'],
    ['set twice', 'enable_async_auth=true,enable_async_auth=false', 'is set twice'],
  ])('%s stop the start', (_, text, message) => {
    const parsed = z.object(flagSettings).safeParse({ LEXECON_FLAGS: text });
    expect(parsed.error?.issues[0]?.message).toContain(message);
    expect(() => new Flags(text)).toThrow(message);
  });

  it('turn no security control off', () => {
    const harmless: Readonly<Record<string, string>> = {
      enable_async_auth: 'where passwords are hashed, not whether',
    };
    expect(Object.keys(flags).filter((name) => control.test(name) && !(name in harmless))).toEqual([]);
    for (const name of ['require_mfa', 'disable_audit', 'auth_off', 'ledger_write', 'strict_tls', 'rate_limits'])
      expect(control.test(name)).toBe(true);
  });

  it('each say what they are for, whose they are and when they end', () => {
    for (const { description, owner, ends } of Object.values(flags)) {
      expect(description.length).toBeGreaterThan(20);
      expect(owner).toMatch(/^[a-z]+$/);
      expect(new Date(ends).toISOString().slice(0, 10)).toBe(ends);
    }
  });
});
