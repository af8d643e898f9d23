import { createServer } from 'node:net';
import pg from 'pg';
import { UnsupportedDatabase } from '@lexecon/database';
import { DemoData } from './demo.js';
import { startFailure } from './start.failure.js';

const listen = (port: number, host: string): Promise<unknown> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve).listen(port, host, () => resolve(server));
  });

describe('a server that cannot start', () => {
  it('says that its port is taken', async () => {
    const first = (await listen(0, '127.0.0.1')) as ReturnType<typeof createServer>;
    const { port } = first.address() as { readonly port: number };
    expect(startFailure(await listen(port, '127.0.0.1')).message).toMatch(/another program listens on PORT/);
    first.close();
  });

  it('says that nothing answers where its database should be, and no secret', async () => {
    const url = 'postgres://u:hunter2@127.0.0.1:1/x';
    const error: unknown = await new pg.Client(url).connect().catch((thrown: unknown) => thrown);
    const { message, wrongSettings } = startFailure(error);
    expect(message).toMatch(/nothing answers where DATABASE_URL leads/);
    expect(message).not.toContain('hunter2');
    expect(wrongSettings).toBe(false);
  });

  it.each([
    ['28P01', /refuses the user or password/],
    ['3D000', /no such database/],
  ])('tells what the database refused with %s', (code, said) => {
    expect(startFailure(Object.assign(new Error('x'), { code })).message).toMatch(said);
  });

  it.each([new UnsupportedDatabase('too old'), new DemoData('demo')])(
    'is not to be started again unchanged: %s',
    (error) => {
      expect(startFailure(error)).toEqual({ message: error.message, wrongSettings: true });
    },
  );

  it('says no more than that for what nobody expected', () => {
    expect(startFailure('ada@example.com')).toEqual({ message: 'the server could not start', wrongSettings: false });
  });
});
