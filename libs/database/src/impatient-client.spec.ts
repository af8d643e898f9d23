import { type AddressInfo, createServer } from 'node:net';
import pg from 'pg';
import { ImpatientClient } from './impatient-client.js';

const text = (value: string): Buffer => Buffer.from(`${value}\0`);

/** A message of PostgreSQL’s protocol: type, length, body. */
function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const WELCOME = [message('R', Buffer.alloc(4)), message('Z', Buffer.from('I'))];
const FAREWELL = message(
  'E',
  ...['SFATAL', 'VFATAL', 'C57P01', 'Mterminating connection due to unexpected postmaster exit'].map(text),
  Buffer.alloc(1),
);

it('outlives a server that ends the connection in the same breath as it opens it', async () => {
  const server = createServer((socket) => {
    socket.once('data', () => socket.end(Buffer.concat([...WELCOME, FAREWELL])));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const pool = new pg.Pool({ host: '127.0.0.1', port, user: 'any', database: 'any', Client: ImpatientClient });
  const client = await pool.connect();
  await expect(client.query('SELECT 1')).rejects.toThrow();
  client.release(true);
  await pool.end();
  server.close();
});
