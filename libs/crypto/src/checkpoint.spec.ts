import fc from 'fast-check';
import {
  CheckpointError,
  formatCheckpoint,
  formatConsistency,
  formatTlogProof,
  parseCheckpoint,
  parseConsistency,
  parseTlogProof,
} from './checkpoint.js';
import { leafHash } from './merkle.js';

const root = leafHash(Buffer.of(1));
const text = `log.example/a\n20852163\n${root.toString('base64')}\n`;
const path = [1, 2, 3].map((byte) => leafHash(Buffer.of(byte)));
const pathText = path.map((hash) => `${hash.toString('base64')}\n`).join('');
const note = `${text}\n\u2014 log.example/a AAAAAAAA\n`;
const noncanonical = `${root.toString('base64').slice(0, -2)}${String.fromCharCode(
  root.toString('base64').charCodeAt(42) + 1,
)}=`;
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
const count = fc.maxSafeNat();

describe('checkpoint', () => {
  it('is three lines', () => {
    expect(formatCheckpoint({ origin: 'log.example/a', size: 20852163, root })).toBe(text);
    expect(parseCheckpoint(text)).toEqual({ origin: 'log.example/a', size: 20852163, root });
  });

  it('skips extension lines', () => {
    expect(parseCheckpoint(`${text}more\nand more\n`).size).toBe(20852163);
  });

  it.each([
    ['CRLF', text.replaceAll('\n', '\r\n')],
    ['no final newline', text.slice(0, -1)],
    ['an empty line at the end', `${text}\n`],
    ['an empty extension line', `${text}\nmore\n`],
    ['an empty origin', text.slice('log.example/a'.length)],
    ['a missing root', 'log.example/a\n5\n'],
    ['a leading zero', text.replace('2085', '02085')],
    ['a size that is only zeros', text.replace('20852163', '00')],
    ['a sign', text.replace('2085', '+2085')],
    ['a negative size', text.replace('2085', '-2085')],
    ['a hexadecimal size', text.replace('20852163', '0x10')],
    ['a size with a space', text.replace('20852163', '20852163 ')],
    ['an exponent', text.replace('20852163', '1e3')],
    ['digits of another script', text.replace('20852163', '٣')],
    ['a size past the safe integers', text.replace('20852163', '9007199254740992')],
    ['an empty size', text.replace('20852163', '')],
    ['a root of 31 bytes', text.replace(root.toString('base64'), root.subarray(1).toString('base64'))],
    ['a root with spare bits set', text.replace(root.toString('base64'), noncanonical)],
    ['a root without padding', text.replace('=\n', '\n')],
    ['a root with a space', text.replace('=\n', '= \n')],
    ['nothing', ''],
  ])('refuses %s', (_, altered) => {
    expect(altered).not.toBe(text);
    expect(() => parseCheckpoint(altered)).toThrow(CheckpointError);
  });

  it('refuses to write what it would not read', () => {
    expect(() => formatCheckpoint({ origin: '', size: 1, root })).toThrow(CheckpointError);
    expect(() => formatCheckpoint({ origin: 'a\nb', size: 1, root })).toThrow(CheckpointError);
    expect(() => formatCheckpoint({ origin: 'a', size: -1, root })).toThrow(CheckpointError);
    expect(() => formatCheckpoint({ origin: 'a', size: 2 ** 53, root })).toThrow(CheckpointError);
    expect(() => formatCheckpoint({ origin: 'a', size: 1, root: Buffer.alloc(31) })).toThrow(CheckpointError);
  });

  it('reads back any checkpoint', () => {
    fc.assert(
      fc.property(count, hash, (size, any) => {
        expect(parseCheckpoint(formatCheckpoint({ origin: 'o', size, root: any }))).toEqual({
          origin: 'o',
          size,
          root: any,
        });
      }),
    );
  });
});

describe('tlog-proof', () => {
  const withExtra = `c2sp.org/tlog-proof@v1\nextra bGVhZg==\nindex 7\n${pathText}\n${note}`;
  const bare = `c2sp.org/tlog-proof@v1\nindex 0\n\n${note}`;

  it('is written as C2SP says, with and without extra data and path', () => {
    expect(formatTlogProof({ extra: Buffer.from('leaf'), index: 7, path, checkpoint: note })).toBe(withExtra);
    expect(formatTlogProof({ extra: Buffer.alloc(0), index: 0, path: [], checkpoint: note })).toBe(bare);
  });

  it('is read back', () => {
    expect(parseTlogProof(withExtra)).toEqual({ extra: Buffer.from('leaf'), index: 7, path, checkpoint: note });
    expect(parseTlogProof(bare)).toEqual({ extra: Buffer.alloc(0), index: 0, path: [], checkpoint: note });
  });

  it.each([
    ['CRLF', withExtra.replaceAll('\n', '\r\n')],
    ['another version', withExtra.replace('@v1', '@v2')],
    ['a missing header', withExtra.slice(withExtra.indexOf('\n') + 1)],
    ['no index', bare.replace('index 0\n', '')],
    ['an index with a leading zero', withExtra.replace('index 7', 'index 07')],
    ['two spaces before the index', withExtra.replace('index 7', 'index  7')],
    ['an empty index', withExtra.replace('index 7', 'index ')],
    ['extra after the index', withExtra.replace('extra bGVhZg==\nindex 7', 'index 7\nextra bGVhZg==')],
    ['empty extra data', withExtra.replace('bGVhZg==', '')],
    ['extra data with spare bits set', withExtra.replace('bGVhZg==', 'bGVhZh==')],
    ['extra twice', withExtra.replace('extra', 'extra AAAA\nextra')],
    ['a hash with spare bits set', withExtra.replace(pathText.slice(0, 44), noncanonical)],
    ['a short hash', withExtra.replace(pathText.slice(0, 44), 'AAAA')],
    ['64 hashes', withExtra.replace(pathText, pathText.slice(0, 45).repeat(64))],
    ['no checkpoint', withExtra.slice(0, withExtra.indexOf('\n\n') + 2)],
    ['no empty line', bare.slice(0, bare.indexOf('\n\n') + 1)],
    ['no final newline', withExtra.slice(0, -1)],
    ['nothing', ''],
  ])('refuses %s', (_, altered) => {
    expect(altered).not.toBe(withExtra);
    expect(() => parseTlogProof(altered)).toThrow(CheckpointError);
  });

  it('reads back any proof', () => {
    fc.assert(
      fc.property(count, fc.array(hash, { maxLength: 63 }), fc.uint8Array(), (index, any, bytes) => {
        const proof = { extra: Buffer.from(bytes), index, path: any, checkpoint: note };
        expect(parseTlogProof(formatTlogProof(proof))).toEqual(proof);
      }),
    );
  });

  it('is the only text of what it says: whatever is read is written the same', () => {
    fc.assert(
      fc.property(fc.nat(withExtra.length - 1), fc.constantFrom(...' \n\r=+/-0129AZaz'), (at, char) => {
        const altered = withExtra.slice(0, at) + char + withExtra.slice(at + 1);
        let proof;
        try {
          proof = parseTlogProof(altered);
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
          return;
        }
        expect(formatTlogProof(proof)).toBe(altered);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('consistency proof', () => {
  const body = `old 5\n${pathText}\n${note}`;

  it('is the body of add-checkpoint', () => {
    expect(formatConsistency({ oldSize: 5, path, checkpoint: note })).toBe(body);
    expect(parseConsistency(body)).toEqual({ oldSize: 5, path, checkpoint: note });
    expect(parseConsistency(`old 0\n\n${note}`)).toEqual({ oldSize: 0, path: [], checkpoint: note });
  });

  it.each([
    ['CRLF', body.replaceAll('\n', '\r\n')],
    ['a leading zero', body.replace('old 5', 'old 05')],
    ['another word', body.replace('old 5', 'new 5')],
    ['no size', body.replace('old 5\n', '')],
    ['a hash with spare bits set', body.replace(pathText.slice(0, 44), noncanonical)],
    ['64 hashes', body.replace(pathText, pathText.slice(0, 45).repeat(64))],
    ['no checkpoint', body.slice(0, body.indexOf('\n\n') + 2)],
    ['no final newline', body.slice(0, -1)],
    ['nothing', ''],
  ])('refuses %s', (_, altered) => {
    expect(() => parseConsistency(altered)).toThrow(CheckpointError);
  });

  it('refuses to write what it would not read', () => {
    expect(() => formatConsistency({ oldSize: 1, path: Array(64).fill(root), checkpoint: note })).toThrow(
      CheckpointError,
    );
    expect(() => formatConsistency({ oldSize: 1.5, path, checkpoint: note })).toThrow(CheckpointError);
  });
});
