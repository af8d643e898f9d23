import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Credentials, signatureFault } from './signature.js';

interface Key {
  readonly arn: string;
  readonly material: Buffer;
  state: 'Enabled' | 'Disabled' | 'PendingDeletion';
}

/** Stands in for AWS KMS over its own protocol (JSON 1.1, every signature verified): Encrypt and Decrypt with symmetric keys, aliases,
 *  encryption contexts, disabled and deleted keys (https://docs.aws.amazon.com/kms/latest/APIReference/). */
export class KmsServer {
  readonly asked: string[] = [];
  readonly credentials: Credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: randomBytes(20).toString('base64') };
  readonly region = 'eu-central-1';
  /** Cuts every connection. */
  down = false;
  readonly #keys = new Map<string, Key>();
  readonly #aliases = new Map<string, string>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(): Promise<KmsServer> {
    const server = new KmsServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A new key under this alias; its ARN. */
  newKey(alias: string): string {
    const id = randomUUID();
    const arn = `arn:aws:kms:${this.region}:111122223333:key/${id}`;
    this.#keys.set(arn, { arn, material: randomBytes(32), state: 'Enabled' });
    this.#aliases.set(alias, arn);
    return arn;
  }

  scheduleDeletion(arn: string): void {
    const key = this.#keys.get(arn);
    if (key) key.state = 'PendingDeletion';
  }

  /** As VAULT_KMS_KEY names it. */
  setting(key: string): string {
    return `${key}?${new URLSearchParams({ region: this.region, endpoint: this.endpoint }).toString()}`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (this.down) return void request.socket.destroy();
    const body = Buffer.concat(chunks);
    const { method = '', url = '', headers } = request;
    const target = String(headers['x-amz-target']);
    this.asked.push(target);
    const wrong = signatureFault({ method, url, headers, body }, this.credentials, {
      region: this.region,
      service: 'kms',
    });
    const answer = wrong ?? this.#answer(target, JSON.parse(body.toString()) as Request);
    const status = typeof answer === 'string' ? 400 : 200;
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(
      JSON.stringify(
        typeof answer === 'string' ? { __type: wrong === null ? answer : 'InvalidSignatureException' } : answer,
      ),
    );
  }

  #answer(target: string, request: Request): object | string {
    if (target === 'TrentService.Encrypt') return this.#encrypt(request);
    return target === 'TrentService.Decrypt' ? this.#decrypt(request) : 'UnknownOperationException';
  }

  #encrypt({ KeyId = '', Plaintext = '', EncryptionContext }: Request): object | string {
    const key = this.#key(KeyId);
    if (typeof key === 'string') return key;
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key.material, iv).setAAD(aadOf(EncryptionContext));
    const body = Buffer.concat([cipher.update(Plaintext, 'base64'), cipher.final()]);
    const blob = Buffer.concat([Buffer.from(`${key.arn}|`), iv, cipher.getAuthTag(), body]);
    return { CiphertextBlob: blob.toString('base64'), KeyId: key.arn, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
  }

  #decrypt({ KeyId, CiphertextBlob = '', EncryptionContext }: Request): object | string {
    const blob = Buffer.from(CiphertextBlob, 'base64');
    const bar = blob.indexOf('|');
    const key = this.#key(blob.subarray(0, Math.max(0, bar)).toString());
    if (typeof key === 'string') return key;
    if (KeyId !== undefined && this.#key(KeyId) !== key) return 'IncorrectKeyException';
    const sealed = blob.subarray(bar + 1);
    const decipher = createDecipheriv('aes-256-gcm', key.material, sealed.subarray(0, 12));
    decipher.setAAD(aadOf(EncryptionContext)).setAuthTag(sealed.subarray(12, 28));
    try {
      const plain = Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]);
      return { Plaintext: plain.toString('base64'), KeyId: key.arn, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
    } catch {
      return 'InvalidCiphertextException';
    }
  }

  #key(name: string): Key | string {
    const key = this.#keys.get(this.#aliases.get(name) ?? name);
    if (!key) return 'NotFoundException';
    if (key.state === 'Disabled') return 'DisabledException';
    return key.state === 'Enabled' ? key : 'KMSInvalidStateException';
  }
}

interface Request {
  readonly KeyId?: string;
  readonly Plaintext?: string;
  readonly CiphertextBlob?: string;
  readonly EncryptionContext?: Readonly<Record<string, string>>;
}

const aadOf = (context: Request['EncryptionContext'] = {}): Buffer =>
  Buffer.from(JSON.stringify(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))));
