// npm run bench -- <command>; docs/performance.md says what each measures and shows what came out.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Machine, thisMachine } from './machine.js';
import { type Disk, disks } from './postgres.js';
import { profiles } from './profile.js';
import { proofs } from './proofs.js';
import { writeReport } from './report.js';
import { keep } from './results.js';
import { conditions, floorsTable, profileTables, proofsTable, throughputTables } from './tables.js';
import { fullPlan, type Plan, quickPlan, throughput } from './throughput.js';

const ENTRIES = 1_000_000;
const PROFILE_SECONDS = 6;

const tell = (line: string): void => {
  process.stderr.write(`${process.uptime().toFixed(0).padStart(5)} s  ${line}\n`);
};

interface Command {
  readonly says: string;
  run(argument: string | undefined): Promise<void>;
}

const commands: Readonly<Record<string, Command>> = {
  all: {
    says: 'everything below but quick, about 25 minutes; fills docs/performance.md',
    async run() {
      await measureEvaluation();
      await measureLimits();
      await measureLogin();
      await measureThroughput();
      await measureProofs(ENTRIES);
      await measureProfile('1 ms');
      await writeReport();
    },
  },
  quick: {
    says: 'both disks, one process, 64 connections and 1, about 3 minutes; printed, not kept. `quick "1 ms"`: one disk only',
    async run(disk) {
      const plan = disk === undefined ? quickPlan : { ...quickPlan, disks: [diskNamed(disk)] };
      print(await throughput(plan, tell), plan);
    },
  },
  throughput: { says: 'decisions against no-op, hash chain and plain inserts', run: measureThroughput },
  evaluation: { says: 'policies evaluated in-process', run: measureEvaluation },
  limits: { says: 'the token-bucket check over a million keys', run: measureLimits },
  login: { says: 'signing in with enable_async_auth on and off, decisions meanwhile', run: measureLogin },
  proofs: {
    says: `proofs over ${ENTRIES} entries, or as many as are named`,
    run: (entries) => measureProofs(Number(entries ?? ENTRIES)),
  },
  profile: {
    says: 'where a server’s time goes; `profile machine` with the machine’s disk',
    run: (disk) => measureProfile(diskNamed(disk ?? '1 ms')),
  },
  report: { says: 'fills docs/performance.md from bench/results', run: writeReport },
};

async function measureThroughput(): Promise<void> {
  const machine = thisMachine();
  const samples = await throughput(fullPlan, tell);
  await keep('throughput', { machine, plan: fullPlan, samples });
  print(samples, fullPlan);
}

async function measureEvaluation(): Promise<void> {
  await keep('evaluation', await printed('evaluate.js'));
}

async function measureLimits(): Promise<void> {
  await keep('limits', await printed('limits.js'));
}

async function measureLogin(): Promise<void> {
  await keep('login', await printed('login.js'));
}

/** What a script of its own process prints, printed here too. */
async function printed(script: string): Promise<{ readonly machine: Machine; readonly markdown: string }> {
  const machine = thisMachine();
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL(script, import.meta.url))]);
  console.log(stdout);
  return { machine, markdown: stdout };
}

async function measureProofs(entries: number): Promise<void> {
  const machine = thisMachine();
  const found = await proofs(entries, tell);
  if (entries === ENTRIES) await keep('proofs', { machine, proofs: found });
  console.log(proofsTable(found));
}

async function measureProfile(disk: Disk): Promise<void> {
  const machine = thisMachine();
  const found = await profiles(disk, PROFILE_SECONDS);
  await keep('profile', { machine, profiles: found });
  console.log(profileTables(found));
}

function print(samples: Awaited<ReturnType<typeof throughput>>, { rounds, seconds }: Plan): void {
  console.log(`${conditions(samples, rounds, seconds)}\n\n${throughputTables(samples)}\n\n${floorsTable(samples)}`);
}

function diskNamed(name: string): Disk {
  const disk = disks.find((one) => one === name);
  if (disk) return disk;
  throw new Error(`there is no disk ${name}: ${disks.join(', ')}`);
}

const [name = '', argument] = process.argv.slice(2);
const command = commands[name];
if (command) await command.run(argument);
else {
  for (const [known, { says }] of Object.entries(commands)) console.log(`${known.padEnd(12)}${says}`);
  process.exitCode = 64;
}
