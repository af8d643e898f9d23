import { publicOriginOf } from './public-origin.js';

describe('the address browsers use', () => {
  it.each([
    ['https://lexecon.example', { origin: 'https://lexecon.example', secure: true, passkeyDomain: 'lexecon.example' }],
    [
      'https://LEXECON.example:443/',
      { origin: 'https://lexecon.example', secure: true, passkeyDomain: 'lexecon.example' },
    ],
    [
      'https://lexecon.example:8443',
      { origin: 'https://lexecon.example:8443', secure: true, passkeyDomain: 'lexecon.example' },
    ],
    ['http://localhost:3000', { origin: 'http://localhost:3000', secure: false, passkeyDomain: 'localhost' }],
    ['http://127.0.0.1:3000', { origin: 'http://127.0.0.1:3000', secure: false, passkeyDomain: null }],
    ['https://[2001:db8::1]', { origin: 'https://[2001:db8::1]', secure: true, passkeyDomain: null }],
  ])('is read from %s', (text, expected) => {
    expect(publicOriginOf(text)).toEqual(expected);
  });

  it.each([
    'http://lexecon.example',
    'https://lexecon.example/app',
    'https://lexecon.example?x',
    'https://lexecon.example#x',
    'https://user@lexecon.example',
    'ftp://localhost',
    'javascript:alert(1)',
    'null',
    '*',
    'lexecon.example',
    '',
  ])('is not %s', (text) => {
    expect(publicOriginOf(text)).toBeUndefined();
  });
});
