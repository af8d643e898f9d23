/** Hashes in a full tile, and entries in a full bundle. */
export const TILE_WIDTH = 256;
/** Levels of the tree that one level of tiles covers. */
export const TILE_HEIGHT = 8;

const MAX_LEVEL = 63;
const PATH = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** What a path of C2SP tlog-tiles names; `level` is 0 for entries. */
export interface ParsedTilePath {
  readonly kind: 'tile' | 'entries';
  readonly level: number;
  readonly n: number;
  /** 1 to 256; less than 256 is a partial one at the right edge. */
  readonly width: number;
}

/** The path of a tile, or of a bundle of entries, from the export's root: `tile/1/x001/x234/067.p/8`. */
export function tilePath(level: number | 'entries', n: number, width = TILE_WIDTH): string {
  const digits = String(n);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.../g) ?? [];
  const number = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${number}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** Null when the path is not exactly how `tilePath` writes one. */
export function parseTilePath(path: string): ParsedTilePath | null {
  const match = PATH.exec(path);
  if (match === null) return null;
  const [, where = '', groups = '', partial] = match;
  const n = Number(groups.replace(/[x/]/g, ''));
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  const level = where === 'entries' ? 0 : Number(where);
  if (!Number.isSafeInteger(n) || width > TILE_WIDTH || level > MAX_LEVEL) return null;
  // Leading zero groups and a partial of full width name the same tile in another way.
  if (tilePath(where === 'entries' ? where : level, n, width) !== path) return null;
  return { kind: where === 'entries' ? 'entries' : 'tile', level, n, width };
}
