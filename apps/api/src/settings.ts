import { z } from 'zod';
import { flagSettings } from '@lexecon/flags';
import { identitySettings, isInsecure } from '@lexecon/identity';
import { ledgerSettings } from '@lexecon/ledger';
import { resilienceSettings } from '@lexecon/resilience';
import { vaultSettings } from '@lexecon/vault';
import { shellSettings } from './shell.config.js';

/** Every setting of the server: one table per room, merged. A name stands in one table only. */
export const settingTables = {
  server: shellSettings,
  ledger: ledgerSettings,
  vault: vaultSettings,
  flags: flagSettings,
  identity: identitySettings,
  resilience: resilienceSettings,
} as const;

const schema = z.object({
  ...shellSettings,
  ...ledgerSettings,
  ...vaultSettings,
  ...flagSettings,
  ...identitySettings,
  ...resilienceSettings,
});

export type Settings = Readonly<z.output<typeof schema>>;

export interface SettingProblem {
  readonly name: string;
  readonly detail: string;
}

/** The environment cannot be started with; `problems` names every wrong setting, never its value. */
export class WrongSettings extends Error {
  constructor(readonly problems: readonly SettingProblem[]) {
    super(problems.map(({ name, detail }) => `${name}: ${detail}`).join('\n'));
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws WrongSettings with all that is wrong at once. An empty value counts as unset. */
export function parseSettings(environment: Environment): Settings {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(given);
  const problems = [
    ...(parsed.error?.issues ?? []).map(({ path, message }) => ({ name: path.join('.'), detail: message })),
    ...(given['NODE_ENV'] === 'production' ? productionProblems(given) : []),
    ...demoProblems(given),
  ];
  problems.push(...(parsed.success ? providerProblems(parsed.data) : []));
  if (!parsed.success || problems.length > 0) throw new WrongSettings(problems);
  return Object.freeze(parsed.data);
}

/** Names that look like ours but mean nothing: a typing error that would otherwise go unnoticed. */
export const unknownNames = (environment: Environment): readonly string[] =>
  Object.keys(environment).filter((name) => /^(LEXECON|LEDGER|VAULT|RECEIPT)_/.test(name) && !(name in schema.shape));

/** Without these production does not start: their defaults are for trying the product out. */
export const requiredInProduction = [
  'DATABASE_URL',
  'LEDGER_GUARD',
  'LEDGER_KEY_FILE',
  'RECEIPT_KEY_FILE',
  'VAULT_KEY_FILE',
] as const;

function productionProblems(given: Environment): readonly SettingProblem[] {
  const missing = requiredInProduction
    .filter((name) => given[name] === undefined)
    .map((name) => ({ name, detail: 'is required when NODE_ENV=production' }));
  const refused = [
    given['LEXECON_DEMO_KEY'] === undefined ? [] : ['LEXECON_DEMO_KEY'],
    ['debug', 'trace'].includes(given['LOG_LEVEL'] ?? '') ? ['LOG_LEVEL'] : [],
  ].flat();
  return [...missing, ...refused.map((name) => ({ name, detail: 'is refused as given when NODE_ENV=production' }))];
}

function providerProblems(
  given: Pick<Settings, 'NODE_ENV' | 'PUBLIC_URL' | 'OIDC_PROVIDERS_FILE'>,
): readonly SettingProblem[] {
  const { NODE_ENV, PUBLIC_URL, OIDC_PROVIDERS_FILE: providers = [] } = given;
  const insecure = NODE_ENV === 'production' ? providers.filter(isInsecure) : [];
  return [
    ...(providers.length > 0 && PUBLIC_URL === undefined
      ? [{ name: 'PUBLIC_URL', detail: 'is required with OIDC_PROVIDERS_FILE' }]
      : []),
    ...insecure.map(({ name }) => ({
      name: 'OIDC_PROVIDERS_FILE',
      detail: `the issuer of ${name} must be an https address when NODE_ENV=production`,
    })),
  ];
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/** Whether only this machine can reach a server that listens on `host`. */
export const isLoopback = (host: string): boolean => loopback.has(host);

/** The demo gateway may ask about anybody: its key is for this machine only. */
function demoProblems(given: Environment): readonly SettingProblem[] {
  const host = given['HOST'];
  if (given['LEXECON_DEMO_KEY'] === undefined || host === undefined || isLoopback(host)) return [];
  return [{ name: 'LEXECON_DEMO_KEY', detail: 'is allowed only while HOST is a loopback address' }];
}
