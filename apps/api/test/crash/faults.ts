import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.js';

/** One way to break the running system and put it together again. */
export interface FaultKind {
  readonly name: string;
  /** Injects it once and resolves when it is over; answers what it took in milliseconds where that says something. */
  inject(cluster: Cluster): Promise<number | undefined>;
}

/** A number of milliseconds nobody can foresee. */
const soon = (): Promise<void> => sleep(randomInt(20, 200));

const APPEND = { application: 'lexecon-ledger', containing: 'append:' };
/** What can be waited for in vain: the append, the key store, the registry, the keys of earlier requests, the epochs. */
const SILENT = [
  APPEND,
  { application: 'lexecon-vault', containing: 'erasure_mark' },
  { application: 'lexecon', containing: 'identity.epoch' },
  { application: 'lexecon', containing: 'decision.idempotency' },
  { application: 'lexecon-ledger', containing: 'ledger.epoch' },
] as const;
const SEQUENCE = { application: 'lexecon-sequencer', containing: 'COMMIT' };

/** Every fault kind of which the suite injects the full number. */
export const faultKinds: readonly FaultKind[] = [
  {
    name: 'server killed (SIGKILL), the one that does not lead',
    async inject(cluster) {
      const { server: leading } = await cluster.leaderThat(() => true);
      const victim = cluster.servers.find((server) => server !== leading);
      await victim?.end('SIGKILL');
      await soon();
      await victim?.start();
      return undefined;
    },
  },
  {
    name: 'sequencer killed (SIGKILL to the server that leads)',
    async inject(cluster) {
      const { server: victim } = await cluster.leaderThat(() => true);
      const began = performance.now();
      await victim.end('SIGKILL');
      await cluster.leaderThat(({ server }) => server !== victim);
      const took = performance.now() - began;
      await victim.start();
      return took;
    },
  },
  {
    name: 'PostgreSQL killed (SIGKILL to the postmaster)',
    async inject({ postgres }) {
      await soon();
      const began = performance.now();
      await postgres.killPostmaster();
      await postgres.start();
      const took = performance.now() - began;
      await sleep(400);
      return took;
    },
  },
  {
    name: 'session killed (SIGKILL to one that writes), PostgreSQL recovers',
    async inject(cluster) {
      await soon();
      const victim = await cluster.writingSession();
      const began = performance.now();
      await cluster.postgres.killSession(victim);
      await cluster.postgres.start();
      const took = performance.now() - began;
      await sleep(400);
      return took;
    },
  },
  {
    name: 'connection cut after the append was sent',
    async inject({ proxies }) {
      await soon();
      await proxies[randomInt(2)]?.cutAfterNext(APPEND);
      return undefined;
    },
  },
  {
    name: 'connection silent after a statement was sent',
    async inject({ proxies }) {
      await soon();
      await proxies[randomInt(2)]?.muteAfterNext(SILENT[randomInt(SILENT.length)] ?? APPEND);
      await sleep(700);
      return undefined;
    },
  },
  {
    name: 'sequencer’s connection cut after its COMMIT was sent',
    async inject(cluster) {
      const { server } = await cluster.leaderThat(() => true);
      const began = performance.now();
      await cluster.proxies[cluster.servers.indexOf(server)]?.cutAfterNext(SEQUENCE);
      await cluster.leaderThat(() => true);
      return performance.now() - began;
    },
  },
  {
    name: 'leader paused (SIGSTOP), session ended, another leads, leader resumed',
    async inject(cluster) {
      await soon();
      const { server: paused } = await cluster.leaderThat(() => true);
      const began = performance.now();
      paused.signal('SIGSTOP');
      try {
        const { session, server } = await cluster.leaderThat(() => true);
        if (server === paused) await cluster.endSession(session);
        await cluster.leaderThat((leader) => leader.server !== paused);
        const took = performance.now() - began;
        await sleep(randomInt(300));
        return took;
      } finally {
        paused.signal('SIGCONT');
      }
    },
  },
];
