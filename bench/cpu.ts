import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks of the kernel's accounting a second. */
const TICKS = 100;

/** CPU time so far, in seconds. */
export interface CpuTimes {
  readonly servers: number;
  readonly postgres: number;
  /** All processors of the machine, whoever used them. */
  readonly machine: number;
}

/** Reads what the kernel has counted for these processes, PostgreSQL being the postmaster and its children. */
export function cpuTimes(servers: readonly number[], postmaster: number): CpuTimes {
  const sum = (pids: readonly number[]): number => pids.reduce((total, pid) => total + secondsOf(pid, OWN), 0);
  const children = readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && parentOf(pid) === postmaster);
  const postgres = sum(children) + secondsOf(postmaster, WITH_ENDED_CHILDREN);
  return { servers: sum(servers), postgres, machine: ofMachine() };
}

/** 0 when there is no such process. */
export const parentOf = (pid: number): number => Number(statOf(pid)[1] ?? 0);

/** Places of user and system time in `statOf`, then of those of children that have ended. */
const OWN = [11, 12] as const;
const WITH_ENDED_CHILDREN = [...OWN, 13, 14] as const;

function secondsOf(pid: number, fields: readonly number[]): number {
  const stat = statOf(pid);
  return fields.reduce((sum, field) => sum + Number(stat[field] ?? 0), 0) / TICKS;
}

/** Fields of /proc/<pid>/stat from the third on; the second, the program's name, may hold anything. */
function statOf(pid: number): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** Everything but idle and waiting for a disk. */
function ofMachine(): number {
  const [, user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
    .split(/\s+/, 9)
    .map(Number);
  return [user, nice, system, irq, softirq, steal].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0) / TICKS;
}
