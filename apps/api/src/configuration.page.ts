import { type ZodType, z } from 'zod';
import { requiredInProduction, settingTables } from './settings.js';

/** docs/configuration.md: every setting, as its table declares it. */
export function configurationPage(): string {
  const sections = Object.entries(settingTables).flatMap(([room, table]) => [
    `## ${room}`,
    '',
    '| name | default | what it does |',
    '| --- | --- | --- |',
    ...Object.entries<ZodType>(table).map(([name, field]) => row(name, field)),
    '',
  ]);
  return [...head, ...sections].join('\n');
}

const head = [
  '<!-- Generated from the settings tables of the rooms by apps/api/src/generate.ts. -->',
  '',
  '# Configuration',
  '',
  'Settings are environment variables, read once at the start. A wrong one stops the process with exit code 78 and its name. An empty value counts as unset. Values marked *secret* are never printed.',
  '',
  `With \`NODE_ENV=production\` these are required: ${requiredInProduction.map((name) => `\`${name}\``).join(', ')}. \`LEXECON_DEMO_KEY\` is refused there, and so are the log levels \`debug\` and \`trace\`.`,
  '',
];

function row(name: string, field: ZodType): string {
  const { description = '', secret } = field.meta() ?? {};
  const production = requiredInProduction.some((required) => required === name) ? ' Required in production.' : '';
  const text = `${description.replaceAll('|', '\\|')}${description.includes('equired in production') ? '' : production}`;
  return `| \`${name}\`${secret === true ? ' *secret*' : ''} | ${defaultOf(field)} | ${text} ${limitsOf(field)} |`.replace(
    / +\|$/,
    ' |',
  );
}

interface JsonSchema {
  readonly type?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
}

const schemaOf = (field: ZodType): JsonSchema =>
  z.toJSONSchema(field, { io: 'output', unrepresentable: 'any' }) as JsonSchema;

function defaultOf(field: ZodType): string {
  const { default: value } = schemaOf(field);
  return value === undefined ? '—' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function limitsOf(field: ZodType): string {
  const { enum: choices, minimum, maximum } = schemaOf(field);
  if (choices) return `One of ${choices.map((choice) => `\`${String(choice)}\``).join(', ')}.`;
  return minimum === undefined || maximum === undefined ? '' : `${String(minimum)} to ${String(maximum)}.`;
}
