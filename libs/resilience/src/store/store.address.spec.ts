import { storeOf } from './store.address.js';

describe('the setting of the store', () => {
  it.each([
    ['postgres', { kind: 'postgres' }],
    ['valkey://127.0.0.1:6379', { kind: 'valkey', url: 'redis://127.0.0.1:6379' }],
    [
      'valkeys://user:secret@cache.example:6380/2',
      { kind: 'valkey', url: 'rediss://user:secret@cache.example:6380/2' },
    ],
  ])('%s is a store', (text, store) => {
    expect(storeOf(text)).toEqual(store);
  });

  it.each(['', 'valkey://', 'redis://host:1', 'valkey://host:x', 'valkey://host/name', 'valkey://host?x=1'])(
    '%s is none',
    (text) => {
      expect(storeOf(text)).toBeNull();
    },
  );
});
