import { cpus } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as immediate } from 'node:timers/promises';
import {
  compile,
  compileAsync,
  evaluate,
  type Facts,
  hashOf,
  mergeFacts,
  parsePolicy,
  type PolicySet,
  type PolicyVersion,
} from '@lexecon/policy/core';

/**
 * In-process evaluation at 10 to 10 000 rules, and activation of 1 000. Prints markdown.
 *
 * The rules: 60 % permit, 20 % forbid, 20 % escalate; each names one action, one role and one resource type, half name up
 * to four of 8 data classes, and nine in ten have a condition over risk score and environment.
 * - spread: 100 actions, 20 roles, 40 types, drawn one by one; half of the requests are aimed at a rule.
 * - crowded: about 16 rules share each action, role and type, and every request meets such a crowd.
 * - wild: as spread, and a tenth of the rules has wildcards: in one of the three names, or now and then in all of them.
 */
const ROUNDS = 7;
const REQUESTS = 2000;
const NOW = new Date('2026-11-22T10:30:00Z');
const WORKLOADS = ['spread', 'crowded', 'wild'] as const;
type Workload = (typeof WORKLOADS)[number];
const ENVIRONMENTS = ['production', 'staging', 'test'] as const;

async function main(): Promise<void> {
  const { version, platform, arch } = process;
  console.log(
    `Node ${version} on ${platform}/${arch}, ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores.`,
  );
  console.log(
    `${ROUNDS} rounds of ${REQUESTS} requests; figures are medians of rounds, in brackets the lowest and highest round.\n`,
  );
  console.log('| rules | workload | candidates p50 / max | p50, µs | p95, µs | p99, µs | CPU, µs a decision |');
  console.log('| ---: | --- | ---: | ---: | ---: | ---: | ---: |');
  for (const workload of WORKLOADS) {
    for (const count of [10, 100, 1000, 10_000]) console.log(evaluationRow(count, workload));
  }
  console.log('\n| activation of 1 000 rules | took, ms | CPU, ms | longest the event loop was held, ms |');
  console.log('| --- | ---: | ---: | ---: |');
  console.log(await activationRow('all new'));
  console.log(await activationRow('one of ten policies new', true));
}

function evaluationRow(count: number, workload: Workload): string {
  const random = randomFrom(count * 31 + WORKLOADS.indexOf(workload));
  const set = compile(policies(count, workload, random));
  const requests = Array.from({ length: REQUESTS }, () => requestFor(set, workload, random));
  const candidates = requests.map((facts) => set.index.find(facts).length).sort((a, b) => a - b);
  measure(set, requests);
  const rounds = Array.from({ length: ROUNDS }, () => measure(set, requests));
  const cell = (of: (round: Round) => number): string => spread(rounds.map(of));
  const seen = `${at(candidates, 0.5)} / ${candidates.at(-1)}`;
  return `| ${count} | ${workload} | ${seen} | ${cell((r) => r.p50)} | ${cell((r) => r.p95)} | ${cell((r) => r.p99)} | ${cell((r) => r.cpu)} |`;
}

interface Round {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly cpu: number;
}

function measure(set: PolicySet, requests: readonly Facts[]): Round {
  const times: number[] = [];
  for (const facts of requests) {
    const started = process.hrtime.bigint();
    evaluate(set, facts, NOW);
    times.push(Number(process.hrtime.bigint() - started) / 1000);
  }
  const before = process.cpuUsage();
  for (const facts of requests) evaluate(set, facts, NOW);
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  return { p50: at(times, 0.5), p95: at(times, 0.95), p99: at(times, 0.99), cpu: (user + system) / requests.length };
}

async function activationRow(name: string, reused = false): Promise<string> {
  const random = randomFrom(7);
  const old = policies(1000, 'wild', random);
  const fresh = [...old.slice(1), ...policies(100, 'wild', random, 'fresh')];
  const reuse = reused ? compile(old) : undefined;
  const rounds: { took: number; cpu: number; held: number }[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    await immediate();
    delay.enable();
    const [started, before] = [performance.now(), process.cpuUsage()];
    await compileAsync(reused ? fresh : old, { yield: immediate, reuse });
    const { user, system } = process.cpuUsage(before);
    const took = performance.now() - started;
    await immediate();
    delay.disable();
    rounds.push({ took, cpu: (user + system) / 1000, held: delay.max / 1e6 });
  }
  const cell = (of: (round: (typeof rounds)[number]) => number): string => spread(rounds.map(of));
  return `| ${name} | ${cell((r) => r.took)} | ${cell((r) => r.cpu)} | ${cell((r) => r.held)} |`;
}

function policies(count: number, workload: Workload, random: () => number, prefix = 'policy'): PolicyVersion[] {
  const perPolicy = Math.min(count, 100);
  return Array.from({ length: Math.ceil(count / perPolicy) }, (_, i) => {
    const rules = Array.from({ length: perPolicy }, (_, j) =>
      ruleOf(j, namesOf(count, workload, random), workload, random),
    );
    const policy = { apiVersion: 'lexecon.dev/v1', kind: 'Policy', name: `${prefix}-${i}`, rules };
    const parsed = parsePolicy(JSON.stringify(policy));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return { document: parsed.document, version: 1, hash: hashOf(parsed.document) };
  });
}

type Names = readonly [action: string, role: string, type: string];

function ruleOf(position: number, [action, role, type]: Names, workload: Workload, random: () => number): unknown {
  const dice = random();
  const wild =
    workload === 'wild' && random() < 0.1
      ? one(['action', 'role', 'type', 'action', 'role', 'type', 'all'], random)
      : '';
  const classes = Array.from({ length: 1 + Math.floor(random() * 4) }, () => `class-${Math.floor(random() * 8)}`);
  const when = `context.riskScore <= ${(20 + random() * 80).toFixed(3)} && context.environment == "${one(ENVIRONMENTS, random)}"`;
  return {
    id: `rule-${position}`,
    effect: dice < 0.6 ? 'permit' : dice < 0.8 ? 'forbid' : 'escalate',
    actions: [wild === 'all' ? '**' : wild === 'action' ? `${action.split(':')[0]}:*` : action],
    actors: { roles: [wild === 'all' || wild === 'role' ? 'role-*' : role] },
    resources: { types: [wild === 'all' || wild === 'type' ? '**' : type] },
    ...(random() < 0.5 && { dataClasses: { anyOf: [...new Set(classes)] } }),
    ...(random() < 0.9 && { when }),
  };
}

function namesOf(count: number, workload: Workload, random: () => number): Names {
  if (workload === 'crowded') {
    const crowd = Math.floor(random() * Math.max(1, count / 16));
    return [`system-${crowd % 10}:verb-${crowd}`, `role-${crowd % 20}`, `type-${crowd % 40}`];
  }
  const action = Math.floor(random() * 100);
  return [
    `system-${action % 10}:verb-${action}`,
    `role-${Math.floor(random() * 20)}`,
    `type-${Math.floor(random() * 40)}`,
  ];
}

function requestFor(set: PolicySet, workload: Workload, random: () => number): Facts {
  const { rule } = one(set.rules, random);
  const [action, role, type] = namesOf(set.rules.length, workload, random);
  const aimed = workload === 'crowded' || random() < 0.5;
  const exact = (patterns: readonly string[] | undefined, other: string): string => {
    const [pattern] = patterns ?? [];
    return aimed && pattern && !pattern.includes('*') ? pattern : other;
  };
  return mergeFacts(
    {
      actor: { type: 'agent', id: 'agent-7' },
      action: { name: exact(rule.actions, action) },
      resource: { type: exact(rule.resources?.types, type), id: 'orders' },
      context: {
        riskScore: Math.floor(random() * 100),
        environment: one(ENVIRONMENTS, random),
        dataClasses: [`class-${Math.floor(random() * 8)}`],
      },
    },
    { actor: { roles: [exact(rule.actors?.roles, role)], attributes: {} } },
  );
}

function one<T>(values: readonly T[], random: () => number): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error('nothing to choose from');
  return value;
}

/** The same numbers for the same seed on every machine (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return `${at(sorted, 0.5).toFixed(2)} [${(sorted[0] ?? 0).toFixed(2)}, ${(sorted.at(-1) ?? 0).toFixed(2)}]`;
}

await main();
