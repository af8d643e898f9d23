import { decodeBase64 } from './base64.js';

/** Text that claims to be a checkpoint or a proof is not written exactly as the format says. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
}

/** The head of a log: what a signed note says of it (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  /** Number of entries. */
  readonly size: number;
  /** RFC 6962 root, 32 bytes. */
  readonly root: Buffer;
}

/** An offline proof that an entry is in a log (C2SP tlog-proof). */
export interface TlogProof {
  /** What the proof carries along, by itself not authenticated: for us the leaf. Empty when there is none. */
  readonly extra: Buffer;
  readonly index: number;
  /** The leaf's sibling first. */
  readonly path: readonly Buffer[];
  /** The signed note, verbatim. */
  readonly checkpoint: string;
}

/** A proof that a checkpoint continues an older one (C2SP tlog-witness, body of `add-checkpoint`). */
export interface ConsistencyProof {
  readonly oldSize: number;
  readonly path: readonly Buffer[];
  /** The newer signed note, verbatim. */
  readonly checkpoint: string;
}

const PROOF_HEADER = 'c2sp.org/tlog-proof@v1';
const MAX_PATH = 63;
const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;

/** The three lines that are signed, each with its newline. Throws CheckpointError for what cannot be written so. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  if (origin === '' || origin.includes('\n')) throw new CheckpointError('checkpoint: the origin is one non-empty line');
  return `${origin}\n${formatCount(size)}\n${formatHash(root)}\n`;
}

/** Reads a note's text; extension lines are skipped. Throws CheckpointError when it is not a checkpoint. */
export function parseCheckpoint(text: string): Checkpoint {
  if (!text.endsWith('\n')) throw new CheckpointError('checkpoint: no newline at the end');
  const lines = text.slice(0, -1).split('\n');
  const [origin, size, root] = lines;
  if (origin === undefined || size === undefined || root === undefined || lines.includes('')) {
    throw new CheckpointError('checkpoint: not three or more non-empty lines');
  }
  return { origin, size: parseCount(size, 'size'), root: parseHash(root) };
}

/** The `.tlog-proof` file. Throws CheckpointError for what cannot be written so. */
export function formatTlogProof({ extra, index, path, checkpoint }: TlogProof): string {
  const extraLine = extra.length === 0 ? '' : `extra ${extra.toString('base64')}\n`;
  return `${PROOF_HEADER}\n${extraLine}index ${formatCount(index)}\n${formatPath(path)}\n${checkpoint}`;
}

/** Reads a `.tlog-proof` file; neither path nor checkpoint is verified. Throws CheckpointError when it is malformed. */
export function parseTlogProof(text: string): TlogProof {
  const { lines, checkpoint } = parseProof(text);
  if (lines.shift() !== PROOF_HEADER) throw new CheckpointError(`proof: the first line is not ${PROOF_HEADER}`);
  const extra = lines[0]?.startsWith('extra ') === true ? parseExtra(lines.shift()) : Buffer.alloc(0);
  const index = parseCount(afterWord('index', lines.shift()), 'index');
  return { extra, index, path: parsePath(lines), checkpoint };
}

/** The body of `add-checkpoint`. Throws CheckpointError for what cannot be written so. */
export function formatConsistency({ oldSize, path, checkpoint }: ConsistencyProof): string {
  return `old ${formatCount(oldSize)}\n${formatPath(path)}\n${checkpoint}`;
}

/** Reads a body of `add-checkpoint`; neither path nor checkpoint is verified. Throws CheckpointError when malformed. */
export function parseConsistency(text: string): ConsistencyProof {
  const { lines, checkpoint } = parseProof(text);
  const oldSize = parseCount(afterWord('old', lines.shift()), 'old size');
  return { oldSize, path: parsePath(lines), checkpoint };
}

function formatCount(count: number): string {
  if (!Number.isSafeInteger(count) || count < 0) throw new CheckpointError(`${count} is no size or index`);
  return `${count}`;
}

function formatHash(hash: Buffer): string {
  if (hash.length !== 32) throw new CheckpointError(`a hash has 32 bytes, not ${hash.length}`);
  return hash.toString('base64');
}

function formatPath(path: readonly Buffer[]): string {
  if (path.length > MAX_PATH) throw new CheckpointError(`a path has at most ${MAX_PATH} hashes`);
  return path.map((hash) => `${formatHash(hash)}\n`).join('');
}

function parseProof(text: string): { lines: string[]; checkpoint: string } {
  const end = text.indexOf('\n\n');
  if (end < 0) throw new CheckpointError('proof: no empty line before the checkpoint');
  const checkpoint = text.slice(end + 2);
  if (!checkpoint.endsWith('\n')) throw new CheckpointError('proof: no newline at the end');
  return { lines: text.slice(0, end).split('\n'), checkpoint };
}

function afterWord(word: string, line = ''): string {
  if (!line.startsWith(`${word} `)) throw new CheckpointError(`proof: the line "${word}" is missing`);
  return line.slice(word.length + 1);
}

function parseCount(text: string, what: string): number {
  const count = Number(text);
  if (!DECIMAL.test(text) || !Number.isSafeInteger(count))
    throw new CheckpointError(`${what}: not a plain whole number`);
  return count;
}

function parseHash(text: string): Buffer {
  const hash = decodeBase64(text);
  if (hash === null || hash.length !== 32) throw new CheckpointError('not the base64 of a hash of 32 bytes');
  return hash;
}

function parseExtra(line: string | undefined): Buffer {
  const extra = decodeBase64(afterWord('extra', line));
  if (extra === null || extra.length === 0) throw new CheckpointError('proof: "extra" is not base64');
  return extra;
}

function parsePath(lines: readonly string[]): Buffer[] {
  if (lines.length > MAX_PATH) throw new CheckpointError(`a path has at most ${MAX_PATH} hashes`);
  return lines.map(parseHash);
}
