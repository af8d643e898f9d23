import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { readIssuers } from './issuer.js';
import { signer } from './federation.testing.js';

const place = 'https://issuer.example/keys';
const good = { issuer: 'https://issuer.example', audience: 'lexecon', algorithms: ['ES256'], jwksUri: place };

describe('the file with the pinned issuers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lexecon-issuers-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const setting = z.string().transform(readIssuers);
  const fileWith = (value: unknown): string => {
    const file = join(folder, 'issuers.json');
    writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
    return file;
  };
  const faults = (value: unknown): readonly string[] =>
    setting.safeParse(fileWith(value)).error?.issues.map(({ message }) => message) ?? [];

  it('gives each issuer with what was left out', () => {
    expect(setting.parse(fileWith([good]))).toEqual([
      {
        issuer: 'https://issuer.example',
        audience: 'lexecon',
        algorithms: ['ES256'],
        subjectClaim: 'sub',
        personClaim: 'sub',
        maxAgeSeconds: 3_600,
        keys: new URL(place),
      },
    ]);
  });

  it('takes the keys from a place, from the file itself, or from another file', async () => {
    const { jwk } = await signer('one');
    const { jwksUri: _, ...rest } = good;
    const other = join(folder, 'keys.json');
    writeFileSync(other, JSON.stringify({ keys: [jwk] }));
    const kept = [
      { ...rest, jwks: { keys: [jwk] }, environment: 'production' },
      { ...rest, jwksFile: other, environment: 'staging' },
    ];
    expect(setting.parse(fileWith(kept)).map(({ keys }) => keys)).toEqual([{ keys: [jwk] }, { keys: [jwk] }]);
  });

  it('is refused with the member that is wrong in it', () => {
    expect(faults([{ ...good, algorithms: ['none'] }])[0]).toMatch(/^0\.algorithms\.0 /);
    expect(faults([{ ...good, algorithms: ['HS256'] }])[0]).toMatch(/^0\.algorithms\.0 /);
    expect(faults([good, { ...good, algorithms: [] }])[0]).toMatch(/^1\.algorithms /);
    expect(faults([{ ...good, audience: '' }])[0]).toMatch(/^0\.audience /);
    expect(faults([{ ...good, audiences: 'typing error' }])[0]).toMatch(/audiences/);
    expect(faults([{ ...good, jwksUri: 'http://issuer.example/keys' }])).toEqual([
      '0.jwksUri must be https (http only on loopback)',
    ]);
    expect(faults([{ ...good, jwksUri: 'file:///etc/passwd' }])[0]).toMatch(/^0\.jwksUri /);
    expect(faults([{ ...good, jwks: { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] } }])[0]).toMatch(
      /^0 needs exactly one/,
    );
    expect(faults([{ ...good, jwksUri: undefined }])[0]).toMatch(/^0 needs exactly one/);
    expect(faults([{ ...good, jwksUri: undefined, jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }])[0]).toMatch(
      /^0\.jwks\.keys\.0\.kty /,
    );
    expect(faults([{ ...good, jwksUri: undefined, jwks: { keys: [{ kty: 'EC', d: 'secret' }] } }])).toEqual([
      '0.jwks.keys.0 is a secret key: only public ones belong here',
    ]);
    expect(faults([{ ...good, maxAgeSeconds: 90_000 }])[0]).toMatch(/^0\.maxAgeSeconds /);
    const [here, there] = ['production', 'staging'].map((environment) => ({ ...good, environment }));
    for (const both of [
      [good, good],
      [good, there],
      [here, here],
    ])
      expect(faults(both)[0]).toMatch(/names an issuer twice/);
    expect(faults([here, there])).toEqual([]);
    expect(faults({})[0]).toMatch(/^the file /);
    expect(faults('{')[0]).toBe('is no JSON');
    expect(setting.safeParse(join(folder, 'nowhere')).error?.issues[0]?.message).toBe('cannot be read (ENOENT)');
  });
});
