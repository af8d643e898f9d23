import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import { type Credentials, signatureFault } from './signature.js';

/** How a request goes wrong: the connection is cut before or after it was carried out, it is never answered, or refused for the moment. */
export type Fault = 'cut before' | 'cut after' | 'never answered' | 'carried out late' | 'conflict' | 'slow down';

export interface Asked {
  readonly method: string;
  readonly key: string;
  readonly condition: string | null;
  readonly status: number;
}

/** Stands in for S3 over its own protocol: path-style GET and PUT of objects, strong reads, conditional writes as documented
 *  (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html), every signature and checksum verified. */
export class S3Server {
  readonly objects = new Map<string, { readonly body: Buffer; readonly etag: string }>();
  readonly asked: Asked[] = [];
  readonly credentials: Credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: randomBytes(20).toString('base64') };
  readonly region = 'eu-central-1';
  /** Asked before each request is carried out. */
  fault: (method: string) => Fault | undefined | Promise<Fault | undefined> = () => undefined;
  readonly #server: Server;

  private constructor(readonly bucket: string) {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(bucket = 'guard-bucket'): Promise<S3Server> {
    const server = new S3Server(bucket);
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

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method = '', url = '', headers } = request;
    const fault = await this.fault(method);
    if (fault === 'cut before') return void request.socket.destroy();
    const wrong = signatureFault({ method, url, headers, body }, this.credentials, {
      region: this.region,
      service: 's3',
    });
    const carryOut = (): Answer => {
      const key = decodeURIComponent(url.split('?')[0] ?? '');
      const { 'if-match': match, 'if-none-match': none } = headers;
      const answer = wrong === null ? this.#answer(request, key, body) : failure(403, 'SignatureDoesNotMatch', wrong);
      const condition =
        match === undefined ? (none === undefined ? null : `If-None-Match: ${none}`) : `If-Match: ${match}`;
      this.asked.push({ method, key, condition, status: answer.status });
      return answer;
    };
    if (fault === 'carried out late') return void setTimeout(carryOut, 2_500);
    const answer =
      fault === 'conflict'
        ? failure(
            409,
            'ConditionalRequestConflict',
            'The conditional request cannot succeed due to a conflicting operation',
          )
        : fault === 'slow down'
          ? failure(503, 'SlowDown', 'Please reduce your request rate.')
          : carryOut();
    if (fault === 'cut after') return void request.socket.destroy();
    if (fault === 'never answered') return;
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  #answer({ method, headers }: IncomingMessage, key: string, body: Buffer): Answer {
    if (!key.startsWith(`/${this.bucket}/`)) return failure(404, 'NoSuchBucket', 'The specified bucket does not exist');
    const there = this.objects.get(key);
    if (method === 'GET')
      return there
        ? { status: 200, headers: { etag: there.etag, 'content-length': String(there.body.length) }, body: there.body }
        : failure(404, 'NoSuchKey', 'The specified key does not exist.');
    if (method !== 'PUT') return failure(405, 'MethodNotAllowed', 'The specified method is not allowed');
    const { 'if-match': match, 'if-none-match': none } = headers;
    if (match !== undefined && !there) return failure(404, 'NoSuchKey', 'The specified key does not exist.');
    if ((match !== undefined && match !== there?.etag) || (none === '*' && there))
      return failure(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
    const declared = headers['x-amz-checksum-crc32'];
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    if (declared !== undefined && declared !== sum.toString('base64'))
      return failure(400, 'BadDigest', 'another checksum');
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    this.objects.set(key, { body, etag });
    return { status: 200, headers: { etag }, body: '' };
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

const failure = (status: number, code: string, message: string): Answer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});
