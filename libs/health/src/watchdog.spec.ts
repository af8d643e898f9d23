import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const watchdog = fileURLToPath(new URL('./watchdog.ts', import.meta.url));

/** Runs `then` in a process whose event loop is watched with a patience of half a second; the signal that ended it, or null. */
const endOf = (then: string): Promise<NodeJS.Signals | null> =>
  new Promise((resolve) => {
    const code = `import { watchEventLoop } from ${JSON.stringify(watchdog)};
      const dog = watchEventLoop(0.5, 50);
      setTimeout(() => { ${then} }, 300);`;
    const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', code], { stdio: 'ignore' });
    child.once('exit', (_, signal) => resolve(signal));
  });

describe('the watchdog', () => {
  it('ends a process whose event loop has stalled', async () => {
    expect(await endOf('for (;;) {}')).toBe('SIGKILL');
  });

  it('leaves a process alone whose event loop turns', async () => {
    expect(await endOf('setTimeout(() => process.exit(), 1500)')).toBeNull();
  });

  it('keeps no process alive', async () => {
    expect(await endOf('')).toBeNull();
  });
});
