import { leafHash, merkleRoot } from '@lexecon/crypto';
import { entryBundle, MissingTile, tileOf, TileSet } from './tiles.js';

const hashes = Array.from({ length: 256 }, (_, i) => leafHash(Buffer.of(i)));
const dataOf = (width: number): Buffer => Buffer.concat(hashes.slice(0, width));

describe('a set of tiles', () => {
  it('knows every node of a full tile, the second time too', () => {
    const tiles = new TileSet(10);
    tiles.put({ level: 1, n: 3, width: 256 }, dataOf(256));
    for (const _round of [1, 2]) {
      for (let within = 0; within < 8; within++) {
        for (let i = 0; i < 256 / 2 ** within; i++) {
          const under = hashes.slice(i * 2 ** within, (i + 1) * 2 ** within);
          expect(tiles.node(8 + within, (3 * 256) / 2 ** within + i)).toEqual(merkleRoot(under));
        }
      }
    }
  });

  it('knows of a partial tile only the whole nodes', () => {
    const tiles = new TileSet(10);
    tiles.put({ level: 0, n: 0, width: 5 }, dataOf(5));
    expect(tiles.node(2, 0)).toEqual(merkleRoot(hashes.slice(0, 4)));
    expect(tiles.node(0, 4)).toEqual(hashes[4]);
    expect(() => tiles.node(1, 2)).toThrow(MissingTile);
    expect(() => tiles.node(0, 5)).toThrow(MissingTile);
  });

  it('uses a wider tile where a narrower was asked, and asks for a wider where it is narrower', () => {
    const tiles = new TileSet(10);
    tiles.put({ level: 0, n: 0, width: 100 }, dataOf(100));
    expect(tiles.missing([{ level: 0, n: 0, width: 99 }])).toEqual([]);
    expect(tiles.missing([{ level: 0, n: 0, width: 101 }])).toHaveLength(1);
    tiles.put({ level: 0, n: 0, width: 101 }, dataOf(101));
    expect(tiles.missing([{ level: 0, n: 0, width: 101 }])).toEqual([]);
    tiles.put({ level: 0, n: 0, width: 3 }, dataOf(3));
    expect(tiles.node(0, 100)).toEqual(hashes[100]);
  });

  it('drops what was not used for longest', () => {
    const tiles = new TileSet(2);
    const [a, b, c] = [0, 1, 2].map((n) => ({ level: 0, n, width: 256 })) as [never, never, never];
    tiles.put(a, dataOf(256));
    tiles.put(b, dataOf(256));
    tiles.node(0, 0);
    tiles.put(c, dataOf(256));
    expect(tiles.missing([a, b, c])).toEqual([b]);
  });

  it('counts a tile that was looked for as used', () => {
    const tiles = new TileSet(2);
    const [a, b, c] = [0, 1, 2].map((n) => ({ level: 0, n, width: 256 })) as [never, never, never];
    tiles.put(a, dataOf(256));
    tiles.put(b, dataOf(256));
    tiles.missing([a]);
    tiles.put(c, dataOf(256));
    expect(tiles.missing([a, b, c])).toEqual([b]);
  });

  it.each([
    [2, 32],
    [1, 64],
    [1, 31],
    [0, 0],
    [257, 257 * 32],
  ])('refuses a tile of width %d in %d bytes', (width, length) => {
    expect(() => new TileSet(1).put({ level: 0, n: 0, width }, Buffer.alloc(length))).toThrow(RangeError);
  });
});

describe('the tile of a node', () => {
  it('is the one of its level, as wide as the log was', () => {
    expect(tileOf(0, 600, 700)).toEqual({ level: 0, n: 2, width: 188 });
    expect(tileOf(7, 1, 700)).toEqual({ level: 0, n: 0, width: 256 });
    expect(tileOf(8, 1, 700)).toEqual({ level: 1, n: 0, width: 2 });
    expect(tileOf(17, 0, 2 ** 20)).toEqual({ level: 2, n: 0, width: 16 });
  });
});

describe('a bundle of entries', () => {
  it('is each leaf after its length', () => {
    const bundle = entryBundle(Buffer.concat([Buffer.alloc(98, 1), Buffer.alloc(98, 2)]));
    expect(bundle).toEqual(
      Buffer.concat([Buffer.of(0, 98), Buffer.alloc(98, 1), Buffer.of(0, 98), Buffer.alloc(98, 2)]),
    );
    expect(entryBundle(Buffer.alloc(98 * 256))).toHaveLength(25_600);
  });

  it.each([0, 97, 99, 98 * 257])('refuses %d bytes', (length) => {
    expect(() => entryBundle(Buffer.alloc(length))).toThrow(RangeError);
  });
});
