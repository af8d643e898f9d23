import fc from 'fast-check';
import { parseTilePath, tilePath } from './tile-path.js';

describe('tile paths', () => {
  it.each([
    [0, 0, 256, 'tile/0/000'],
    [0, 5, 1, 'tile/0/005.p/1'],
    [1, 999, 255, 'tile/1/999.p/255'],
    [2, 1000, 256, 'tile/2/x001/000'],
    [0, 1234067, 256, 'tile/0/x001/x234/067'],
    [0, 1234067, 112, 'tile/0/x001/x234/067.p/112'],
    ['entries', 0, 256, 'tile/entries/000'],
    ['entries', 273, 7, 'tile/entries/273.p/7'],
  ] as const)('level %s, number %d, width %d is %s', (level, n, width, path) => {
    expect(tilePath(level, n, width)).toBe(path);
    const kind = level === 'entries' ? 'entries' : 'tile';
    expect(parseTilePath(path)).toEqual({ kind, level: level === 'entries' ? 0 : level, n, width });
  });

  it.each([
    '',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000/001',
    'tile/0/x1/000',
    'tile/0/001/000',
    'tile/0/x001/x000',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/999',
    'tile/0/000.p/',
    'tile/0/000/',
    '/tile/0/000',
    'tile/entries/00',
    'tile/Entries/000',
    'tile/0/000\n',
    'tile/0/../000',
    'tile/8/0/000',
    'tile/0/x009/x007/x199/x254/x740/992',
  ])('refuses %j', (path) => {
    expect(parseTilePath(path)).toBeNull();
  });

  it('reads back any path it writes', () => {
    const level = fc.oneof(fc.nat(63), fc.constant('entries' as const));
    fc.assert(
      fc.property(level, fc.maxSafeNat(), fc.integer({ min: 1, max: 256 }), (where, n, width) => {
        const parsed = parseTilePath(tilePath(where, n, width));
        const kind = where === 'entries' ? 'entries' : 'tile';
        expect(parsed).toEqual({ kind, level: where === 'entries' ? 0 : where, n, width });
      }),
    );
  });
});
