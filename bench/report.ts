import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './machine.js';
import { kept, writeFormatted } from './results.js';
import { conditions, floorsTable, machineLine, profileTables, proofsTable, throughputTables } from './tables.js';

const PAGE = join(root, 'docs/performance.md');

/** Fills docs/performance.md from bench/results. */
export async function writeReport(): Promise<void> {
  await writeFormatted(PAGE, filledPage());
}

/** The page with what bench/results holds between its markers, not formatted; what was not measured stays as it stands. */
export function filledPage(): string {
  let page = readFileSync(PAGE, 'utf8');
  for (const [name, text] of Object.entries(sections())) page = replaced(page, name, text);
  return page;
}

function sections(): Readonly<Record<string, string>> {
  const evaluation = kept('evaluation');
  const limits = kept('limits');
  const login = kept('login');
  const throughput = kept('throughput');
  const proofs = kept('proofs');
  const profile = kept('profile');
  return {
    ...(evaluation && { evaluation: `${machineLine(evaluation.machine)}\n\n${evaluation.markdown}` }),
    ...(limits && { limits: `${machineLine(limits.machine)}\n\n${limits.markdown}` }),
    ...(login && { login: `${machineLine(login.machine)}\n\n${login.markdown}` }),
    ...(throughput && {
      floors: floorsTable(throughput.samples),
      throughput: [
        machineLine(throughput.machine),
        conditions(throughput.samples, throughput.plan.rounds, throughput.plan.seconds),
        throughputTables(throughput.samples),
      ].join('\n\n'),
    }),
    ...(proofs && { proofs: `${machineLine(proofs.machine)}\n\n${proofsTable(proofs.proofs)}` }),
    ...(profile && { profile: `${machineLine(profile.machine)}\n\n${profileTables(profile.profiles)}` }),
  };
}

function replaced(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}: measured -->`, `<!-- ${name}: end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${text.trim()}\n\n${page.slice(to)}`;
}
