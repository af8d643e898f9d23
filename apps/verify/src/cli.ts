import { parseArgs, type ParseArgsConfig } from 'node:util';
import { verifyAccessReview } from './access-review.js';
import { verifyAnswerText } from './answer.js';
import { verifyExport } from './export.js';
import { ExportLines } from './export.lines.js';
import { readKeys, readText } from './keys.js';
import { linesOf } from './lines.js';
import { verifyProofFile } from './proof-file.js';
import { verifyCheckpoints } from './two-checkpoints.js';
import { unpack } from './unpack.js';
import { Invalid, Undecided } from './verdict.js';

const USAGE = `usage:
  lexecon-verify receipt <answer.json> --key <key>…
  lexecon-verify export <file> --key <key>… [--checkpoint <saved checkpoint>]
  lexecon-verify checkpoints <older> <newer> --key <key>… [--proof <consistency proof>]
  lexecon-verify proof <file.tlog-proof> --key <key>…
  lexecon-verify access-review <report.json> --key <key>…
  lexecon-verify unpack <export> <folder>

<key> is a published verifier key (GET /api/v1/ledger/keys), or a file with one on each line; - is standard input.
Exit codes: 0 valid, 1 invalid, 2 nothing can be said (usage, unreadable file, missing key).
`;

export interface Said {
  readonly code: 0 | 1 | 2;
  readonly text: string;
}

/** What to print, and the exit code. `nowMs` is the time as of which retention is judged. */
export async function run(args: readonly string[], nowMs: number): Promise<Said> {
  try {
    return { code: 0, text: `${await verdictOf(args, nowMs)}\n` };
  } catch (error) {
    if (error instanceof Invalid) return { code: 1, text: `invalid: ${error.message}\n` };
    if (error instanceof Undecided) return { code: 2, text: `undecided: ${error.message}\n` };
    throw error;
  }
}

async function verdictOf(args: readonly string[], nowMs: number): Promise<string> {
  const { command, files, options } = parse(args);
  const [first = '', second = ''] = files;
  const keys = (): ReturnType<typeof readKeys> => readKeys(options.key ?? []);
  switch (command) {
    case 'receipt':
      return `valid: ${verifyAnswerText(readText(first), keys())}`;
    case 'export':
      return `valid: ${await verifyExport(new ExportLines(linesOf(first)), { verifiers: keys(), nowMs, ...(options.checkpoint !== undefined && { saved: readText(options.checkpoint) }) })}`;
    case 'checkpoints':
      return `valid: ${verifyCheckpoints({ older: readText(first), newer: readText(second), ...(options.proof !== undefined && { proof: readText(options.proof) }) }, keys())}`;
    case 'proof':
      return `valid: ${verifyProofFile(readText(first), keys())}`;
    case 'access-review':
      return `valid: ${verifyAccessReview(readText(first), keys())}`;
    case 'unpack':
      return `unpacked: ${await unpack(new ExportLines(linesOf(first)), second)}`;
  }
}

type Command = keyof typeof commands;
type Option = 'key' | 'checkpoint' | 'proof';

/** How many files each takes, and which options. */
const commands = {
  receipt: { files: 1, options: ['key'] },
  export: { files: 1, options: ['key', 'checkpoint'] },
  checkpoints: { files: 2, options: ['key', 'proof'] },
  proof: { files: 1, options: ['key'] },
  'access-review': { files: 1, options: ['key'] },
  unpack: { files: 2, options: [] },
} as const satisfies Record<string, { readonly files: number; readonly options: readonly Option[] }>;

interface Parsed {
  readonly command: Command;
  readonly files: readonly string[];
  readonly options: { readonly key?: readonly string[]; readonly checkpoint?: string; readonly proof?: string };
}

function parse(args: readonly string[]): Parsed {
  const [command = '', ...files] = read(args).positionals;
  if (!isCommand(command))
    throw new Undecided(`${command === '' ? 'say what to verify' : `there is no command ${command}`}\n\n${USAGE}`);
  const options: Parsed['options'] = read(args).values;
  const taken: readonly string[] = commands[command].options;
  const strange = Object.keys(options).find((name) => !taken.includes(name));
  if (strange !== undefined) throw new Undecided(`${command} takes no --${strange}\n\n${USAGE}`);
  if (files.length !== commands[command].files)
    throw new Undecided(
      `${command} takes ${String(commands[command].files)} file(s), not ${String(files.length)}\n\n${USAGE}`,
    );
  return { command, files, options };
}

const isCommand = (name: string): name is Command => Object.hasOwn(commands, name);

const CONFIG = {
  allowPositionals: true,
  options: { key: { type: 'string', multiple: true }, checkpoint: { type: 'string' }, proof: { type: 'string' } },
} as const satisfies ParseArgsConfig;

function read(args: readonly string[]): ReturnType<typeof parseArgs<typeof CONFIG>> {
  try {
    return parseArgs({ ...CONFIG, args: [...args] });
  } catch (error) {
    throw new Undecided(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}
