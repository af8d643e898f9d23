import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSecretOnce } from './secret-file.js';

describe('files of secrets', () => {
  it('are made once, for their owner only, and the first text stays', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lexecon-secret-'));
    const file = join(folder, 'keys', 'one.key');
    writeSecretOnce(file, 'first');
    writeSecretOnce(file, 'second');
    expect(readFileSync(file, 'utf8')).toBe('first');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'keys'))).toEqual(['one.key']);
    rmSync(folder, { recursive: true });
  });
});
