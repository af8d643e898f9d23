import type { SuiteResult } from './suite.js';

/** The result as the tables that docs/reliability.md holds. */
export function reportOf(result: SuiteResult): string {
  const { totals, late } = result;
  return [
    `${String(totals.entries)} entries in ${String(totals.batches)} batches under ${String(totals.heads)} heads; ${String(totals.requests)} requests, ${String(totals.answers)} answers, ${String(totals.retries)} retries; ${result.seconds.toFixed(0)} s in all`,
    '',
    '| fault | injected | until whole again, ms: median (most) |',
    '| --- | --- | --- |',
    ...result.injected.map(({ name, count, tookMs }) => `| ${name} | ${String(count)} | ${spread(tookMs)} |`),
    `| transaction that holds its arrival number for up to 3 s | ${String(late.committed)} committed, ${String(late.aborted)} aborted, ${String(late.cut)} cut by another fault | |`,
    `| server asked to leave (SIGTERM) under load | ${String(result.left.length)}, exit codes ${result.left.join(', ')} | |`,
    '',
    '| outage | decisions again after | answers meanwhile | slowest refusal |',
    '| --- | --- | --- | --- |',
    ...result.outages.map(
      ({ name, resumedAfterMs, answers, slowestRefusalMs }) =>
        `| ${name} | ${String(resumedAfterMs)} ms | ${counts(answers)} | ${String(slowestRefusalMs)} ms |`,
    ),
    '',
    '| oracle | violations | controls that it found |',
    '| --- | --- | --- |',
    ...result.oracles.map(({ name, found }) => {
      const controls = result.controls.filter(({ oracle }) => oracle === name);
      const caught = controls.filter((control) => control.found).length;
      return `| ${name} | ${found.length === 0 ? '0' : found.join('; ')} | ${String(caught)} of ${String(controls.length)} |`;
    }),
  ].join('\n');
}

const counts = (answers: Readonly<Record<string, number>>): string =>
  Object.entries(answers)
    .map(([kind, count]) => `${String(count)} × ${kind}`)
    .join(', ') || 'none';

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? '' : `${String(sorted[Math.floor(sorted.length / 2)])} (${String(sorted.at(-1))})`;
}
