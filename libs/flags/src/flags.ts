import { type FlagName, flags, isFlag } from './flag.list.js';

const SETTING = /^([a-z0-9_]+)=(true|false)$/;

/** How the flags are set: their defaults, with what LEXECON_FLAGS says over them. */
export class Flags {
  readonly #set: ReadonlyMap<FlagName, boolean>;

  /** `overrides` as in LEXECON_FLAGS; throws where flagProblems finds something. */
  constructor(overrides = '') {
    const [problem] = flagProblems(overrides);
    if (problem !== undefined) throw new Error(problem);
    this.#set = new Map(partsOf(overrides).flatMap((part) => pairOf(part) ?? []));
  }

  isEnabled(name: FlagName): boolean {
    return this.#set.get(name) ?? flags[name].default;
  }
}

/** What is wrong with a list `name=true,name=false`: unknown names, other values, a name twice. */
export function flagProblems(overrides: string): readonly string[] {
  const parts = partsOf(overrides);
  const names = parts.map((part) => part.split('=')[0] ?? '');
  return [
    ...parts.filter((part) => !SETTING.test(part)).map((part) => `"${part}" is not name=true or name=false`),
    ...names.filter((name) => !isFlag(name)).map((name) => `there is no flag "${name}"`),
    ...names.filter((name, at) => names.indexOf(name) !== at).map((name) => `"${name}" is set twice`),
  ];
}

const partsOf = (overrides: string): readonly string[] =>
  overrides
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

function pairOf(part: string): readonly (readonly [FlagName, boolean])[] | null {
  const [, name = '', value] = SETTING.exec(part) ?? [];
  return isFlag(name) ? [[name, value === 'true']] : null;
}
