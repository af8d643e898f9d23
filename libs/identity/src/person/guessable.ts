import { dictionary } from '@zxcvbn-ts/language-common';

/** So few different parts make a password that guessing tools try early. */
const FEWEST_PARTS = 4;
const LONGEST_PART = 32;
const SHORTEST_WORD = 3;
const LONGEST_NUMBER = 4;

/** What a part of a password can be, as the refusal calls it. */
const kinds = {
  context: 'words about this service, your organisation or your e-mail address',
  common: 'common passwords',
  sequence: 'sequences of the alphabet or the keyboard',
  repetition: 'one character repeated',
  number: 'short numbers',
  character: 'single characters',
} as const;
type Kind = keyof typeof kinds;

const common: ReadonlySet<string> = new Set(
  dictionary['passwords-common'].filter((word) => word.length >= SHORTEST_WORD).map((word) => word.toLowerCase()),
);

const rows = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertzuiop',
  'yxcvbnm',
  'azertyuiop',
  'qsdfghjklm',
  'wxcvbn',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  'qazwsxedcrfvtgbyhnujmikolp',
];
const sequences: ReadonlySet<string> = new Set(
  rows.flatMap((row) => [row, Array.from(row).toReversed().join('')]).flatMap(partsOfRow),
);

/** What characters stand for when words are disguised. The digit 1 stands for either of two letters, so there are two ways to read. */
const disguises = [
  { 4: 'a', '@': 'a', 3: 'e', '€': 'e', 1: 'i', '!': 'i', 0: 'o', $: 's', 5: 's', 7: 't', '+': 't' },
  { 4: 'a', '@': 'a', 3: 'e', '€': 'e', 1: 'l', '!': 'l', 0: 'o', $: 's', 5: 's', 7: 't', '|': 'l' },
] as const satisfies readonly Readonly<Record<string, string>>[];

/** Of what few parts a password is made; null when it is more than a few. A part counts once, however often it comes; capitals and
 *  disguised letters (p@ssw0rd) do not make another one; signs between parts count for nothing when they are all the same.
 *  `context`: words that anybody would try here. Takes a few milliseconds for 128 characters. */
export function guessable(password: string, context: readonly string[]): string | null {
  const plain = Array.from(password.normalize('NFKC').toLowerCase());
  const words = new Set(context.map((word) => word.normalize('NFKC').toLowerCase()).filter(isWord));
  const readings = [
    plain,
    ...disguises.map((letters: Readonly<Record<string, string>>) => plain.map((c) => letters[c] ?? c)),
  ];
  const few = readings.map((characters) => partsOf(characters, words)).find((parts) => countOf(parts) < FEWEST_PARTS);
  if (!few) return null;
  const found = new Set([...few.values()]);
  const named = Object.entries(kinds).flatMap(([kind, name]) => ([...found].some((one) => one === kind) ? [name] : []));
  return named.join(', ');
}

/** The words of an e-mail address that somebody might make a password of. */
export const wordsOfEmail = (email: string): readonly string[] => {
  const [name = '', domain = ''] = email.split('@');
  return [name, ...name.split(/[^\p{L}\p{N}]+/u), ...domain.split('.').slice(0, -1), domain].filter(isWord);
};

const isWord = (word: string): boolean => word.length >= SHORTEST_WORD;

function partsOfRow(row: string): readonly string[] {
  const starts = Array.from({ length: row.length }, (_, start) => start);
  return starts.flatMap((start) => starts.slice(start + SHORTEST_WORD - 1).map((end) => row.slice(start, end + 1)));
}

interface Step {
  readonly parts: number;
  readonly from: number;
  readonly part: string;
  readonly kind: Kind;
}

/** The different parts of the way to read these characters in the fewest parts, each with its kind. */
function partsOf(characters: readonly string[], context: ReadonlySet<string>): ReadonlyMap<string, Kind> {
  const best: (Step | undefined)[] = [];
  const reach = (end: number, step: Step): void => {
    const known = best[end];
    if (!known || step.parts < known.parts) best[end] = step;
  };
  for (let from = 0; from < characters.length; from += 1) {
    const before = from === 0 ? 0 : (best[from]?.parts ?? 0);
    let [part, same, digits] = ['', true, true];
    for (let end = from; end < Math.min(characters.length, from + LONGEST_PART); end += 1) {
      const next = characters[end] ?? '';
      part += next;
      same &&= next === characters[from];
      digits &&= next >= '0' && next <= '9';
      const kind = kindOf(part, { length: end - from + 1, same, digits }, context);
      if (kind) reach(end + 1, { parts: before + 1, from, part, kind });
    }
  }
  const parts = new Map<string, Kind>();
  for (let step = best[characters.length]; step; step = best[step.from]) {
    parts.set(step.kind === 'repetition' ? Array.from(step.part).slice(0, 1).join('') : step.part, step.kind);
  }
  return parts;
}

interface Look {
  readonly length: number;
  /** One character all along. */
  readonly same: boolean;
  readonly digits: boolean;
}

function kindOf(part: string, { length, same, digits }: Look, context: ReadonlySet<string>): Kind | null {
  if (length === 1) return 'character';
  if (length < SHORTEST_WORD) return digits ? 'number' : null;
  if (context.has(part)) return 'context';
  if (same) return 'repetition';
  if (common.has(part)) return 'common';
  if (sequences.has(part)) return 'sequence';
  return digits && length <= LONGEST_NUMBER ? 'number' : null;
}

/** One kind of sign between the parts is no part. */
function countOf(parts: ReadonlyMap<string, Kind>): number {
  const signs = [...parts.keys()].filter((part) => /^[\p{P}\p{Z}]$/u.test(part)).length;
  return parts.size - Math.min(signs, 1);
}
