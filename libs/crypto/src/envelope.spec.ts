import fc from 'fast-check';
import { decrypt, encrypt, EnvelopeError } from './envelope.js';

const key = Buffer.alloc(32, 1);
const iv = Buffer.alloc(12, 2);
const aad = Buffer.from('entry');

describe('envelope', () => {
  it('seals as AES-256-GCM of the GCM specification does (test case 16)', () => {
    const bytes = (text: string): Buffer => Buffer.from(text, 'hex');
    const sealed = encrypt(
      bytes('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308'),
      bytes('cafebabefacedbaddecaf888'),
      bytes('feedfacedeadbeeffeedfacedeadbeefabaddad2'),
      bytes(
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
          '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
      ),
    );
    expect(sealed.toString('hex')).toBe(
      'cafebabefacedbaddecaf888' +
        '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
        '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662' +
        '76fc6ece0f4e1768cddf8853bb2d551b',
    );
  });

  it('opens what it sealed, text and bytes, empty and long', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        expect(decrypt(key, aad, encrypt(key, iv, aad, Buffer.from(data)))).toEqual(Buffer.from(data));
      }),
    );
    expect(decrypt(key, aad, encrypt(key, iv, aad, 'Žemaitė')).toString()).toBe('Žemaitė');
  });

  it('refuses each flipped bit', () => {
    const sealed = encrypt(key, iv, aad, 'secret');
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const altered = Buffer.from(sealed);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => decrypt(key, aad, altered)).toThrow(EnvelopeError);
    }
  });

  it('refuses another key, another place and every shorter text', () => {
    const sealed = encrypt(key, iv, aad, 'secret');
    expect(() => decrypt(Buffer.alloc(32, 3), aad, sealed)).toThrow(EnvelopeError);
    expect(() => decrypt(key, Buffer.from('other'), sealed)).toThrow(EnvelopeError);
    for (let end = 0; end < sealed.length; end++) {
      expect(() => decrypt(key, aad, sealed.subarray(0, end))).toThrow(EnvelopeError);
    }
  });

  it('refuses keys and ivs of another length', () => {
    expect(() => encrypt(Buffer.alloc(16), iv, aad, '')).toThrow(EnvelopeError);
    expect(() => encrypt(key, Buffer.alloc(16), aad, '')).toThrow(EnvelopeError);
    expect(() => decrypt(Buffer.alloc(31), aad, Buffer.alloc(40))).toThrow(EnvelopeError);
  });
});
