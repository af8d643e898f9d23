import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isInsecure, providersFile } from './provider.config.js';

const provider = { name: 'acme', issuer: 'https://login.acme.example', clientId: 'lexecon' };

describe('the file of identity providers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lexecon-providers-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const file = (content: unknown): string => {
    const path = join(folder, 'providers.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const complaint = (content: unknown): string =>
    providersFile
      .safeParse(file(content))
      .error?.issues.map(({ message }) => message)
      .join('; ') ?? '';

  it('asks for little, and the rest is strict: one algorithm, no new people, a second factor here', () => {
    expect(providersFile.parse(file([provider]))).toEqual([
      expect.objectContaining({
        algorithm: 'RS256',
        clientSecret: null,
        createPeople: false,
        emailDomains: [],
        roles: {},
        secondFactor: 'local',
      }),
    ]);
  });

  it('names a secret by a file beside it', () => {
    writeFileSync(join(folder, 'secret'), ' s3cret \n');
    const [parsed] = providersFile.parse(file([{ ...provider, clientSecretFile: 'secret' }]));
    expect(parsed?.clientSecret).toBe('s3cret');
  });

  it.each([
    ['is not there', 'no JSON', 'readable JSON file'],
    ['has another form', {}, '/ '],
    ['lacks a member', [{ name: 'acme' }], '/0/issuer'],
    ['has a member that means nothing', [{ ...provider, rolls: {} }], '/0'],
    ['names an unknown role', [{ ...provider, roles: { staff: ['root'] } }], '/0/roles/staff/0'],
    ['gives people the role of a key', [{ ...provider, roles: { staff: ['gateway'] } }], '/0/roles/staff/0'],
    ['has an issuer in clear text', [{ ...provider, issuer: 'http://login.acme.example' }], '/0/issuer'],
    ['has an issuer with a query', [{ ...provider, issuer: 'https://a.example/?x=1' }], '/0/issuer'],
    ['names a provider twice', [provider, provider], 'once'],
    ['signs with a shared secret', [{ ...provider, algorithm: 'HS256' }], '/0/algorithm'],
    ['signs with nothing', [{ ...provider, algorithm: 'none' }], '/0/algorithm'],
    ['does not ask who it is', [{ ...provider, scopes: ['email'] }], '/0/scopes'],
    ['believes no second factor it names', [{ ...provider, secondFactor: { amr: [] } }], '/0/secondFactor'],
    ['has a domain that is none', [{ ...provider, emailDomains: ['*'] }], '/0/emailDomains/0'],
    ['has no secret where it says', [{ ...provider, clientSecretFile: 'nowhere' }], '/0/clientSecretFile'],
  ])('that %s is refused, with the place', (_, content, place) => {
    expect(complaint(content)).toContain(place);
  });

  it('never repeats a value', () => {
    expect(complaint([{ ...provider, clientAuthentication: 'hunter2', algorithm: 'hunter2' }])).not.toContain(
      'hunter2',
    );
  });

  it('may have a provider on this machine, which production refuses', () => {
    const [local] = providersFile.parse(file([{ ...provider, issuer: 'http://127.0.0.1:4000' }]));
    expect(local && isInsecure(local)).toBe(true);
  });
});
