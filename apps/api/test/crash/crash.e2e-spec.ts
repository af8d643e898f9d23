import { writeFileSync } from 'node:fs';
import { type OracleName, oracleNames } from './oracle.js';
import { reportOf } from './report.js';
import { crashSuite, type SuiteResult } from './suite.js';

/** `npm run crash` asks for the long form. */
const faults = Number(process.env['CRASH_FAULTS'] ?? 20);
const entries = Number(process.env['CRASH_ENTRIES'] ?? 10_000);
const isLong = entries > 50_000;
const HOUR_MS = 3_600_000;

describe('after crashes, cuts, pauses and outages under load', () => {
  let result: SuiteResult;

  beforeAll(async () => {
    const sizes = {
      faults,
      entries,
      workers: isLong ? 48 : 16,
      paceMs: isLong ? 0 : 300,
      largestBatch: isLong ? 100 : 20,
    };
    result = await crashSuite(sizes, (line) => process.stderr.write(`${new Date().toISOString()} ${line}\n`));
    const report = reportOf(result);
    process.stderr.write(`${report}\n`);
    const file = process.env['CRASH_REPORT'];
    if (file) writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
  }, 6 * HOUR_MS);

  it.each(oracleNames)('%s', (name: OracleName) => {
    expect(result.oracles.find((oracle) => oracle.name === name)?.found).toEqual([]);
  });

  it('every oracle notices its controls', () => {
    expect(result.controls.filter((control) => !control.found)).toEqual([]);
    expect(new Set(result.controls.map((control) => control.oracle))).toEqual(new Set(oracleNames));
  });

  it('injects as much as was asked for', () => {
    expect(result.totals.entries).toBeGreaterThanOrEqual(entries);
    for (const { count } of result.injected) expect(count).toBe(faults);
    expect(Math.min(result.late.committed, result.late.aborted)).toBeGreaterThanOrEqual(faults);
  });

  it('decides again within ten seconds after PostgreSQL is back', () => {
    for (const { resumedAfterMs } of result.outages) expect(resumedAfterMs).toBeLessThan(10_000);
  });

  it('leaves with success when it is asked to, under load', () => {
    expect(result.left).toEqual(result.left.map(() => 0));
  });
});
