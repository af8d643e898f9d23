import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './machine.js';
import { Rig } from './rig.js';
import type { Disk } from './postgres.js';

/** How much of the server's main thread a function took by itself. */
export interface Share {
  readonly name: string;
  /** Room, package, `node`, or what V8 did by itself. */
  readonly place: string;
  /** Microseconds a request. */
  readonly us: number;
}

export interface Profile {
  readonly series: 'decisions' | 'noop';
  readonly requests: number;
  /** Microseconds of the main thread a request, idle time left out. */
  readonly busy: number;
  readonly idle: number;
  readonly places: readonly Share[];
  readonly functions: readonly Share[];
}

const MOST = 40;
const CONNECTIONS = 64;

/** Takes CPU profiles of one server process under load, and says where the time goes. The raw ones stay in .lexecon/ for DevTools. */
export async function profiles(disk: Disk, seconds: number): Promise<readonly Profile[]> {
  const folder = join(root, '.lexecon');
  mkdirSync(folder, { recursive: true });
  const rig = await Rig.start(disk);
  try {
    const setup = { disk, processes: 1, connections: CONNECTIONS };
    const found: Profile[] = [];
    for (const series of ['noop', 'decisions'] as const) {
      await rig.measure(series, setup, seconds);
      const file = join(folder, `${series}.cpuprofile`);
      const [server] = rig.servers;
      await server?.order({ do: 'profile' });
      const { requests } = await rig.measure(series, setup, seconds);
      await server?.order({ do: 'stop-profile', file });
      found.push({ series, requests, ...summaryOf(readFileSync(file, 'utf8'), requests) });
    }
    return found;
  } finally {
    await rig.stop();
  }
}

interface RawNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

interface RawProfile {
  readonly nodes: readonly RawNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

function summaryOf(text: string, requests: number): Omit<Profile, 'series' | 'requests'> {
  const { nodes, samples, timeDeltas } = JSON.parse(text) as RawProfile;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const functions = new Map<string, Share>();
  const places = new Map<string, Share>();
  let idle = 0;
  let busy = 0;
  samples.forEach((id, i) => {
    const node = byId.get(id);
    const us = Math.max(0, timeDeltas[i] ?? 0) / requests;
    if (!node || isProfiler(node)) return;
    if (node.callFrame.functionName === '(idle)') idle += us;
    else {
      busy += us;
      const place = placeOf(node);
      add(places, place, { name: place, place, us });
      add(functions, keyOf(node), { name: nameOf(node), place, us });
    }
  });
  return { busy: rounded(busy), idle: rounded(idle), places: most(places), functions: most(functions) };
}

/** Switching the profiler on and off takes time itself. */
const isProfiler = ({ callFrame }: RawNode): boolean => callFrame.url === 'node:inspector';

function add(shares: Map<string, Share>, key: string, share: Share): void {
  shares.set(key, { ...share, us: share.us + (shares.get(key)?.us ?? 0) });
}

const most = (shares: ReadonlyMap<string, Share>): readonly Share[] =>
  [...shares.values()]
    .sort((a, b) => b.us - a.us)
    .slice(0, MOST)
    .map((share) => ({ ...share, us: rounded(share.us) }));

const rounded = (value: number): number => Math.round(value * 100) / 100;

const keyOf = ({ callFrame: { functionName, url, lineNumber } }: RawNode): string =>
  `${functionName}|${url}|${lineNumber}`;

function nameOf({ callFrame: { functionName, url, lineNumber } }: RawNode): string {
  const file = url.split('/').at(-1);
  return `${functionName || '(anonymous)'}${file ? ` ${file}:${lineNumber + 1}` : ''}`;
}

/** `libs/ledger`, `fastify`, `node:crypto`: who wrote it. */
function placeOf({ callFrame: { functionName, url } }: RawNode): string {
  if (functionName.startsWith('(')) return functionName;
  const packaged = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (packaged) return packaged;
  const ours = /\/dist\/bench\/((?:libs|apps)\/[^/]+|bench)\//.exec(url)?.[1];
  if (ours) return ours;
  return url.startsWith('node:') ? url.split('/').slice(0, 2).join('/') : url || 'V8 and native code';
}
