import fc from 'fast-check';
import { generateSignerKey, NoteError, noteSigner, noteVerifier, openNote, type NoteSigner } from './note.js';

const DASH = '\u2014';
/** The example in the documentation of Go's note package. */
const GO = {
  skey: 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz',
  vkey: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  sig: 'x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=',
};
const goNote = `${GO.text}\n${DASH} PeterNeumann ${GO.sig}\n`;
const signerOf = (name: string, fill: number): NoteSigner =>
  noteSigner(generateSignerKey(name, Buffer.alloc(32, fill)));
const log = signerOf('log.example/a', 1);
const witness = signerOf('witness.example/w', 2);
const known = [noteVerifier(log.vkey), noteVerifier(witness.vkey)];
const lineOf = (signer: NoteSigner, text: string): string =>
  `${DASH} ${signer.name} ${signer.signature(text).toString('base64')}\n`;

describe('signing', () => {
  it("makes the note of Go's documentation, byte for byte", () => {
    expect(noteSigner(GO.skey).sign(GO.text)).toBe(goNote);
    expect(noteSigner(GO.skey).vkey).toBe(GO.vkey);
  });

  it("opens the note of Go's documentation", () => {
    const opened = openNote(goNote, [noteVerifier(GO.vkey)]);
    expect(opened.text).toBe(GO.text);
    expect(opened.signers.map((signer) => signer.name)).toEqual(['PeterNeumann']);
  });

  it('writes the secret key as Go does', () => {
    const seed = Buffer.from(GO.skey.split('+').slice(4).join('+'), 'base64').subarray(1);
    expect(generateSignerKey('PeterNeumann', seed)).toBe(GO.skey);
  });

  it('gives the key id followed by the signature', () => {
    const made = log.signature('x\n');
    expect(made).toHaveLength(68);
    expect(made.subarray(0, 4)).toEqual(log.keyId);
    expect(noteVerifier(log.vkey).verify('x\n', made.subarray(4))).toBe(true);
    expect(noteVerifier(log.vkey).verify('y\n', made.subarray(4))).toBe(false);
  });

  it.each(['no newline', 'a\rb\n', 'tab\there\n', 'nul\0\n', 'half \ud800\n', ''])('refuses to sign %j', (text) => {
    expect(() => log.sign(text)).toThrow(NoteError);
  });
});

describe('keys', () => {
  it.each(['', 'a b', 'a+b', 'a\u00a0b', 'a\u0085b', 'a\nb', 'x\ud800'])('refuses the key name %j', (name) => {
    expect(() => generateSignerKey(name, Buffer.alloc(32))).toThrow(NoteError);
  });

  it('refuses every shortened verifier key', () => {
    for (let end = 0; end < GO.vkey.length; end++) expect(() => noteVerifier(GO.vkey.slice(0, end))).toThrow(NoteError);
    for (let start = 1; start < GO.vkey.length; start++)
      expect(() => noteVerifier(GO.vkey.slice(start))).toThrow(NoteError);
  });

  it.each(['vkey', 'skey'] as const)('refuses a %s in which any character is another', (which) => {
    const parse = which === 'vkey' ? noteVerifier : noteSigner;
    for (let at = 0; at < GO[which].length; at++) {
      const other = String.fromCharCode(GO[which].charCodeAt(at) ^ 1);
      expect(() => parse(GO[which].slice(0, at) + other + GO[which].slice(at + 1))).toThrow(NoteError);
    }
  });

  it('refuses a key of another algorithm, even under its right id', () => {
    expect(() => noteVerifier('PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')).toThrow(NoteError);
  });

  it('never shows the secret in an error', () => {
    const broken = GO.skey.replace('c74f20a3', 'c74f20a4');
    expect(() => noteSigner(broken)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('AYEKFA') }),
    );
  });

  it('refuses a seed of another length', () => {
    expect(() => generateSignerKey('a', Buffer.alloc(31))).toThrow(NoteError);
  });
});

describe('opening', () => {
  const text = 'log.example/a\n5\nroot\n';
  const body = `${text}\n`;

  it('tells everyone known who signed, in the order of the note', () => {
    const opened = openNote(body + lineOf(witness, text) + lineOf(log, text), known);
    expect(opened.signers.map((signer) => signer.name)).toEqual([witness.name, log.name]);
  });

  it('ignores who it does not know', () => {
    const stranger = signerOf('stranger.example', 3);
    expect(openNote(body + lineOf(stranger, 'other\n') + lineOf(log, text), known).signers).toHaveLength(1);
  });

  it('ignores a namesake with another key', () => {
    const namesake = signerOf(log.name, 9);
    expect(openNote(body + lineOf(namesake, 'other\n') + lineOf(witness, text), known).signers).toHaveLength(1);
    expect(() => openNote(body + lineOf(namesake, text), known)).toThrow('no known key');
  });

  it('refuses a note nobody known signed', () => {
    expect(() => openNote(log.sign(text), [noteVerifier(witness.vkey)])).toThrow('no known key');
    expect(() => openNote(log.sign(text), [])).toThrow('no known key');
  });

  it('refuses the whole note for one bad signature by a known key', () => {
    expect(() => openNote(body + lineOf(log, text) + lineOf(witness, 'other\n'), known)).toThrow('bad signature');
    expect(() => openNote(body + lineOf(log, text) + lineOf(log, 'other\n'), known)).toThrow('bad signature');
  });

  it('accepts sixteen signatures and refuses seventeen', () => {
    const lines = (count: number): string =>
      Array.from({ length: count }, (_, i) => lineOf(signerOf(`s${i}.example`, 20 + i), text)).join('');
    expect(openNote(body + lines(15) + lineOf(log, text), known).signers).toHaveLength(1);
    expect(() => openNote(body + lines(16) + lineOf(log, text), known)).toThrow('more than 16');
  });

  it('splits at the last empty line', () => {
    const gaps = 'a\n\nb\n\nc\n';
    expect(openNote(log.sign(gaps), known).text).toBe(gaps);
  });

  const good = log.sign(text);
  const sig = log.signature(text).toString('base64');
  const spare = `${sig.slice(0, -2)}${String.fromCharCode(sig.charCodeAt(sig.length - 2) + 1)}=`;
  it.each([
    ['CRLF', good.replaceAll('\n', '\r\n')],
    ['no final newline', good.slice(0, -1)],
    ['a second final newline', `${good}\n`],
    ['no empty line', good.replace('\n\n', '\n')],
    ['no signatures', body],
    ['base64 with spare bits set', good.replace(sig, spare)],
    ['base64 without padding', good.replace(sig, sig.slice(0, -1))],
    ['base64 of the URL alphabet', good.replace(sig, sig.replaceAll('+', '-').replaceAll('/', '_') + '-')],
    ['a hyphen for the dash', good.replace(DASH, '-')],
    ['a second space', good.replace(`${DASH} `, `${DASH}  `)],
    ['a word after the signature', good.replace(sig, `${sig} x`)],
    ['a space after the signature', good.replace(sig, `${sig} `)],
    ['a short signature', good.replace(sig, sig.slice(0, 4))],
    ['a tab in the text', log.sign('a b\n').replace('a b', 'a\tb')],
    ['nothing', ''],
  ])('refuses %s', (_, note) => {
    expect(note).not.toBe(good);
    expect(() => openNote(note, known)).toThrow(NoteError);
  });

  it('round-trips any well-formed text', () => {
    const line = fc.string({ unit: 'grapheme' }).filter((s) => !/\p{Cc}/u.test(s));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), (lines) => {
        const any = `${lines.join('\n')}\n`;
        expect(openNote(log.sign(any), known).text).toBe(any);
      }),
    );
  });

  it('refuses a note in which any one bit is flipped', () => {
    const bytes = Buffer.from(good);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const altered = Buffer.from(bytes);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => openNote(altered.toString('utf8'), known)).toThrow(NoteError);
    }
  });
});
