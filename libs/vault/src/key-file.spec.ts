import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KmsServer } from '../../../test/aws/kms.server.js';
import { addEpoch, dropEpoch, wrapKeyFile } from './key-file.change.js';
import { freshKeyFile, openKeyFile, parseKeyFile, readVaultKeys } from './key-file.js';
import type { KeyService } from './key-service.js';
import { keyServiceAt } from './key-service.place.js';
import { kmsPlaceOf, VaultKeyProblem } from './kms.place.js';

const ID = '0199f0c4-5d3e-7c1a-9b44-6f1f0d7c2a10';
const KEY = Buffer.alloc(32, 7);

describe('the vault key file', () => {
  it('says where it is wrong, and nothing of what it holds', () => {
    const secret = Buffer.alloc(31, 9).toString('base64');
    expect(() => parseKeyFile(JSON.stringify({ index: secret, box: secret, keks: {}, current: 'k1' }))).toThrow(
      'it does not have the right shape at index, box',
    );
    expect(() => parseKeyFile(`{"index": ${secret}`)).toThrow('VAULT_KEY_FILE: it is no JSON');
    expect(() => parseKeyFile(freshKeyFile().replace('"current": "k1"', '"current": "k2"'))).toThrow(
      'no key encryption key named k2',
    );
  });

  it('gets a new epoch that new keys are wrapped under, while old ones still open', async () => {
    const before = freshKeyFile();
    const after = await openKeyFile(await addEpoch(before, '2026-12', null), null);
    expect(after.current).toBe('2026-12');
    const old = (await openKeyFile(before, null)).wrap(KEY, ID);
    expect(after.unwrap(old, ID, 'k1')).toEqual(KEY);
    expect(after.unwrap(after.wrap(KEY, ID), ID, '2026-12')).toEqual(KEY);
    await expect(addEpoch(before, 'k1', null)).rejects.toBeInstanceOf(VaultKeyProblem);
    await expect(addEpoch(before, '../x', null)).rejects.toBeInstanceOf(VaultKeyProblem);
    expect(() => dropEpoch(before, 'k1')).toThrow('no key encryption key of the past');
    const dropped = await openKeyFile(dropEpoch(await addEpoch(before, '2026-12', null), 'k1'), null);
    expect(() => dropped.unwrap(old, ID, 'k1')).toThrow('no key encryption key named k1');
  });

  it.each([
    ['1234abcd-12ab-34cd-56ef-1234567890ab', { key: '1234abcd-12ab-34cd-56ef-1234567890ab', region: undefined }],
    ['alias/lexecon?region=eu-central-1', { key: 'alias/lexecon', region: 'eu-central-1' }],
    [
      'arn:aws:kms:eu-west-1:111122223333:key/1234',
      { key: 'arn:aws:kms:eu-west-1:111122223333:key/1234', region: 'eu-west-1' },
    ],
    ['alias/lexecon?endpoint=https://kms.example', { endpoint: 'https://kms.example' }],
    ['alias/lexecon?endpoint=http://kms.example', null],
    ['alias/lexecon?secret=x', null],
    ['https://kms.example', null],
  ])('knows the key %s', (text, place) => {
    if (place === null) expect(kmsPlaceOf(text)).toBeNull();
    else expect(kmsPlaceOf(text)).toMatchObject(place);
  });
});

describe('a vault key file that a key service wraps', () => {
  let kms: KmsServer;
  let folder: string;
  let arn: string;
  const serviceOf = async (deployment = 'log.test', key = 'alias/lexecon'): Promise<KeyService> => {
    const service = await keyServiceAt(kms.setting(key), deployment);
    if (!service) throw new Error('no service');
    return service;
  };
  const fileOf = (text: string): string => {
    const file = join(folder, 'vault.json');
    writeFileSync(file, text);
    return file;
  };

  beforeEach(async () => {
    kms = await KmsServer.start();
    arn = kms.newKey('alias/lexecon');
    folder = mkdtempSync(join(tmpdir(), 'lexecon-keys-'));
    const { accessKeyId, secretAccessKey } = kms.credentials;
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
  });
  afterEach(async () => {
    await kms.stop();
    rmSync(folder, { recursive: true });
  });

  it('holds nothing that opens without the service', async () => {
    const plain = freshKeyFile();
    const wrapped = await wrapKeyFile(plain, await serviceOf());
    const { index, box, keks } = JSON.parse(plain) as { index: string; box: string; keks: Record<string, string> };
    for (const secret of [index, box, ...Object.values(keks)]) expect(wrapped).not.toContain(secret);
    await expect(openKeyFile(wrapped, null)).rejects.toThrow('VAULT_KMS_KEY: it is not set');
    const keys = await openKeyFile(wrapped, await serviceOf());
    expect(keys.index.toString('base64')).toBe(index);
    expect(keys.box.toString('base64')).toBe(box);
  });

  it('is made wrapped on the first start where that is allowed', async () => {
    const file = join(folder, 'keys/vault.json');
    const first = await readVaultKeys({ file, service: await serviceOf(), mayCreate: true });
    expect(Object.values(JSON.parse(readFileSync(file, 'utf8')) as object)[0]).toMatchObject({ key: arn });
    const again = await readVaultKeys({ file, service: await serviceOf(), mayCreate: true });
    expect(again.index).toEqual(first.index);
    expect(again.unwrap(first.wrap(KEY, ID), ID, 'k1')).toEqual(KEY);
  });

  it('is refused when something lies in it in the open', async () => {
    const file = fileOf(freshKeyFile());
    await expect(readVaultKeys({ file, service: await serviceOf(), mayCreate: false })).rejects.toThrow(
      'index lies in it in the open though VAULT_KMS_KEY is set',
    );
  });

  it('asks the service once at the start: while it runs the service may be away, and at a start that is said', async () => {
    const file = fileOf(await wrapKeyFile(freshKeyFile(), await serviceOf()));
    const keys = await readVaultKeys({ file, service: await serviceOf(), mayCreate: false });
    kms.down = true;
    expect(keys.unwrap(keys.wrap(KEY, ID), ID, 'k1')).toEqual(KEY);
    await expect(readVaultKeys({ file, service: await serviceOf(), mayCreate: false })).rejects.toThrow(
      /^VAULT_KMS_KEY: the key service cannot unwrap (index|box|kek\/k1) of the vault key file: /,
    );
  });

  it('opens for its own deployment only, and each secret only in its own place', async () => {
    const wrapped = await wrapKeyFile(freshKeyFile(), await serviceOf());
    await expect(openKeyFile(wrapped, await serviceOf('another.log'))).rejects.toThrow('InvalidCiphertextException');
    const file = JSON.parse(wrapped) as { index: unknown; box: unknown };
    const swapped = JSON.stringify({ ...file, index: file.box, box: file.index });
    await expect(openKeyFile(swapped, await serviceOf())).rejects.toThrow('InvalidCiphertextException');
  });

  it('does not open with other credentials', async () => {
    const wrapped = await wrapKeyFile(freshKeyFile(), await serviceOf());
    process.env['AWS_SECRET_ACCESS_KEY'] = 'another';
    await expect(openKeyFile(wrapped, await serviceOf())).rejects.toThrow('InvalidSignatureException');
  });

  it('loses an epoch for good with the key of the service that wrapped it, and nothing else', async () => {
    const first = await wrapKeyFile(freshKeyFile(), await serviceOf());
    const old = (await openKeyFile(first, await serviceOf())).wrap(KEY, ID);
    kms.newKey('alias/lexecon');
    const second = await addEpoch(first, '2026-12', await serviceOf());
    const keys = await openKeyFile(second, await serviceOf());
    expect(keys.unwrap(old, ID, 'k1')).toEqual(KEY);
    kms.scheduleDeletion(arn);
    await expect(openKeyFile(second, await serviceOf())).rejects.toThrow(
      'kek/k1 of the vault key file: KMSInvalidStateException',
    );
    const rest = await openKeyFile(dropEpoch(second, 'k1'), await serviceOf());
    expect(rest.index).toEqual(keys.index);
    expect(rest.unwrap(keys.wrap(KEY, ID), ID, '2026-12')).toEqual(KEY);
    await expect(openKeyFile(first, await serviceOf())).rejects.toThrow('KMSInvalidStateException');
  });
});
