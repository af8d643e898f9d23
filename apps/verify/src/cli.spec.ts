import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSignerKey, noteSigner } from '@lexecon/crypto';
import { answerIn, MadeLog, NOW, recordOf, SHARD, textOf } from '../test/made-log.js';
import { run, type Said } from './cli.js';

const folder = mkdtempSync(join(tmpdir(), 'lexecon-verify-'));
const log = new MadeLog();
const answer = answerIn(log, recordOf());
log.fill(300, 37);

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const verify = (...args: string[]): Promise<Said> => run(args, NOW);

const keys = file('keys', log.keys.map((key) => `${key}\n`).join(''));
const receipt = file('answer.json', JSON.stringify(answer));
const bundle = file('log.lexecon-export', textOf(log.export()));
const older = file('older', log.checkpoint(100));
const newer = file('newer', log.checkpoint(305));
const step = file('step', log.consistency(100));
const proof = file('entry.tlog-proof', log.proofFile(200));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('lexecon-verify', () => {
  it('ends with 0 and "valid" when everything holds', async () => {
    expect(await verify('receipt', receipt, '--key', keys)).toEqual({
      code: 0,
      text: expect.stringMatching(/^valid: escalate /) as string,
    });
    expect(await verify('export', bundle, '--key', keys, '--checkpoint', older)).toEqual({
      code: 0,
      text: expect.stringMatching(/^valid: entries 0 to 305 .* size 100 is its beginning\n$/) as string,
    });
    expect(await verify('checkpoints', older, newer, '--proof', step, '--key', log.heads.vkey)).toEqual({
      code: 0,
      text: `valid: ledger.example.eu/${SHARD} grew from 100 to 305 entries and kept all of them\n`,
    });
    expect(await verify('checkpoints', newer, newer, '--key', keys)).toMatchObject({ code: 0 });
    expect(await verify('proof', proof, '--key', keys)).toEqual({
      code: 0,
      text: expect.stringContaining(`is entry 200 of ledger.example.eu/${SHARD}`) as string,
    });
  });

  it('takes several keys, in files or as they are', async () => {
    expect(await verify('receipt', receipt, '--key', log.heads.vkey, '--key', log.receipts.vkey)).toMatchObject({
      code: 0,
    });
  });

  it('ends with 1 and names the first thing that is wrong', async () => {
    const lie = file('lie.json', JSON.stringify({ ...answer, outcome: 'permit' }));
    expect(await verify('receipt', lie, '--key', keys)).toEqual({
      code: 1,
      text: 'invalid: outcome is "permit", but the ledger holds "escalate"\n',
    });
    const cut = file('cut', readFileSync(bundle, 'utf8').slice(0, -1));
    expect(await verify('export', cut, '--key', keys)).toEqual({
      code: 1,
      text: 'invalid: the last line has no end: the file was cut off\n',
    });
    const latin = file('latin', '');
    writeFileSync(latin, Buffer.of(0xe9, 10));
    expect(await verify('export', latin, '--key', keys)).toEqual({ code: 1, text: 'invalid: the file is not UTF-8\n' });
  });

  it('refuses checkpoints that do not continue each other', async () => {
    const says = async (...args: string[]): Promise<string> =>
      (await verify('checkpoints', ...args, '--key', keys)).text;
    const fork = new MadeLog();
    Object.assign(fork, { receipts: log.receipts, heads: log.heads });
    fork.fill(305, 40);
    const forked = file('forked', fork.checkpoint());
    expect(await says(older, forked, '--proof', step)).toMatch(/^invalid: the first 100 of 305 entries are not those/);
    expect(await says(older, forked, '--proof', file('forked-step', fork.consistency(100)))).toMatch(
      /^invalid: the first 100/,
    );
    expect(await says(newer, forked)).toMatch(/^invalid: two different logs of 305 entries were signed/);
    expect(await says(newer, older)).toMatch(
      /^invalid: the newer checkpoint has 100 entries, the older 305: entries are gone/,
    );
    expect(await says(older, newer, '--proof', file('other-step', log.consistency(99)))).toMatch(
      /^invalid: the proof is from size 99/,
    );
    expect(await says(older, newer, '--proof', file('no-step', 'old 100\n'))).toMatch(/^invalid: the proof: /);
    const other = new MadeLog('other.example');
    const elsewhere = file('elsewhere', other.fill(305, 40).checkpoint());
    expect((await verify('checkpoints', older, elsewhere, '--key', keys, '--key', other.heads.vkey)).text).toMatch(
      /^invalid: the checkpoints are of two logs/,
    );
  });

  it('refuses proofs that were altered', async () => {
    const text = readFileSync(proof, 'utf8');
    const says = async (altered: string): Promise<string> =>
      (await verify('proof', file('altered', altered), '--key', keys)).text;
    expect(await says(text.replace('index 200', 'index 201'))).toBe(
      'invalid: the path does not lead from the leaf to the checkpoint\n',
    );
    expect(await says(text.replace(/extra .*\n/, ''))).toMatch(/^invalid: a leaf has 98 bytes/);
    expect(await says(text.replace(/\n[^\n]*\n\n/, '\n\n'))).toMatch(/^invalid/);
    expect(await says(text.replace('\n305\n', '\n306\n'))).toMatch(/^invalid: the checkpoint: bad signature/);
    expect(await says(text.slice(0, -1))).toMatch(/^invalid/);
  });

  it('ends with 2 and says nothing when it cannot know', async () => {
    const missing = join(folder, 'none');
    for (const args of [
      [],
      ['receipt'],
      ['verify', receipt],
      ['toString', receipt],
      ['receipt', receipt],
      ['receipt', receipt, receipt, '--key', keys],
      ['receipt', receipt, '--key', keys, '--proof', step],
      ['receipt', receipt, '--strange'],
      ['receipt', missing, '--key', keys],
      ['receipt', receipt, '--key', missing],
      ['receipt', receipt, '--key', receipt],
      ['receipt', receipt, '--key', log.heads.vkey],
      ['receipt', receipt, '--key', log.heads.vkey.replace(/.$/, '!')],
      ['export', missing, '--key', keys],
      ['export', folder, '--key', keys],
      ['checkpoints', older, newer, '--key', keys],
      ['checkpoints', older, newer, '--key', log.receipts.vkey],
    ])
      expect(await verify(...args)).toMatchObject({ code: 2, text: expect.stringMatching(/^undecided: /) as string });
  });

  it('never accepts a receipt because of a key of the same name', async () => {
    const stranger = noteSigner(generateSignerKey(log.receipts.name, Buffer.alloc(32, 3))).vkey;
    expect(await verify('receipt', receipt, '--key', stranger)).toMatchObject({ code: 1 });
  });

  it('unpacks a whole log into the files of C2SP tlog-tiles', async () => {
    const to = join(folder, 'unpacked');
    expect(await verify('unpack', bundle, to)).toMatchObject({ code: 0 });
    expect(
      (readdirSync(to, { recursive: true }) as string[])
        .filter((path) => !/^(tile|tile\/[01e]\w*|tile\/[01e]\w*\/001\.p)$/.test(path) && !/000\.p$/.test(path))
        .sort(),
    ).toEqual([
      'checkpoint',
      'tile/0/000',
      'tile/0/001.p/49',
      'tile/1/000.p/1',
      'tile/entries/000',
      'tile/entries/001.p/49',
      'vkey',
    ]);
    expect(readFileSync(join(to, 'vkey'), 'utf8')).toBe(`${log.heads.vkey}\n`);
    expect(readFileSync(join(to, 'checkpoint'), 'utf8')).toBe(log.checkpoint());
    expect(await verify('unpack', bundle, to)).toMatchObject({ code: 2 });
    expect(
      await verify('unpack', file('part', textOf(log.export({ from: 1 }))), join(folder, 'part-of-it')),
    ).toMatchObject({ code: 2 });
  });
});
