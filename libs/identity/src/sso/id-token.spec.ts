import { accessTokenMatches, claimsOf } from './id-token.js';
import type { OidcProvider } from './provider.config.js';

const provider: OidcProvider = {
  name: 'acme',
  issuer: new URL('https://login.acme.example'),
  clientId: 'lexecon',
  clientSecret: null,
  clientAuthentication: 'basic',
  algorithm: 'RS256',
  scopes: ['openid'],
  groupsClaim: 'groups',
  roles: {},
  emailDomains: ['acme.example'],
  createPeople: false,
  secondFactor: { acr: ['gold'], amr: ['mfa', 'hwk'] },
};
const token = { iss: 'https://login.acme.example', sub: 'ada-1' };

describe('what is believed of a provider', () => {
  it.each([
    [{ acr: 'gold' }, true],
    [{ amr: ['pwd', 'mfa'] }, true],
    [{ amr: ['pwd'] }, false],
    [{ acr: 'mfa' }, false],
    [{ amr: ['gold'] }, false],
    [{ amr: 'mfa' }, false],
    [{}, false],
  ])('a second factor was seen with %j: %s', (claims, seen) => {
    expect(claimsOf(provider, { ...token, ...claims })?.secondFactor).toBe(seen);
    expect(claimsOf({ ...provider, secondFactor: 'local' }, { ...token, ...claims })?.secondFactor).toBe(false);
  });

  it('how somebody signed in is never taken from userinfo', () => {
    expect(claimsOf(provider, token, { amr: ['mfa'], acr: 'gold' })?.secondFactor).toBe(false);
  });

  it('the ID token wins over userinfo', () => {
    const claims = claimsOf(
      provider,
      { ...token, email: 'a@acme.example' },
      { email: 'b@acme.example', email_verified: true },
    );
    expect(claims?.verifiedEmail).toBe('a@acme.example');
    expect(claimsOf(provider, { ...token, groups: ['a'] }, { groups: ['b'], sub: 'other' })).toMatchObject({
      subject: 'ada-1',
      groups: ['a'],
    });
  });

  it.each([true, 'true', 1, undefined])('an e-mail counts as verified only when that is true: %j', (verified) => {
    const claims = claimsOf(provider, { ...token, email: 'a@acme.example', email_verified: verified });
    expect(claims?.verifiedEmail).toBe(verified === true ? 'a@acme.example' : null);
  });

  it.each([
    [
      ['a', 'b', 'a', 1, null],
      ['a', 'b'],
    ],
    ['one', ['one']],
    [{ a: 1 }, []],
    [undefined, []],
  ])('groups %j are %j', (groups, names) => {
    expect(claimsOf(provider, { ...token, groups })?.groups).toEqual(names);
  });

  it('at_hash is half the hash of the access token (OpenID Connect Core, A.3)', () => {
    const accessToken = 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y';
    expect(accessTokenMatches('RS256', accessToken, '77QmUPtjPfzWtF2AnpK9RQ')).toBe(true);
    expect(accessTokenMatches('RS256', `${accessToken}x`, '77QmUPtjPfzWtF2AnpK9RQ')).toBe(false);
    expect(accessTokenMatches('ES384', accessToken, '77QmUPtjPfzWtF2AnpK9RQ')).toBe(false);
    expect(accessTokenMatches('RS256', accessToken, 7)).toBe(false);
    expect(accessTokenMatches('RS256', accessToken, undefined)).toBe(true);
  });
});
