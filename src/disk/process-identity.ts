/** Who writes: tags of machine, process and thread, to tell the leftovers of the dead from what the living do. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { hash } from 'node:crypto';

let machine: string | undefined;

/**
 * Eight hex digits for what a pid is unique in: this machine since it was last started, and the container
 * within it. Where that can't be read (no /proc), the host name alone.
 */
export function machineTag(): string {
  machine ??= hash('sha256', [hostname(), bootId(), pidNamespace()].join('\n'), 'hex').slice(0, 8);
  return machine;
}

/**
 * The thread that calls, such that no other has its tag, not even a later one with the same ids:
 * `<tid>@<its start, in the kernel's ticks since boot>`. Empty where the system doesn't say (no /proc).
 */
export function threadTag(): string {
  const [, tid] = /\/task\/([0-9]+)$/.exec(readOrEmpty(() => readlinkSync('/proc/thread-self'))) ?? [];
  const status = tid === undefined ? undefined : threadStatus(process.pid, tid);
  return status === undefined ? '' : `${tid}@${status.start}`;
}

/** Whether a process of this machine tag is alive; one of another machine can't be told. */
export function isAlive(tag: string, pid: number): boolean | undefined {
  if (tag !== machineTag()) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  // A process that was killed answers to signals until its parent has asked for its end: many never do.
  return !isEnded(threadStatus(pid, pid)?.state);
}

/**
 * What a thread of this machine tag is doing: `stopped` is by a signal or a debugger. Undefined where it can't be
 * told: another machine, or no thread tag.
 */
export function threadState(
  machineTagOf: string,
  pid: number,
  tag: string,
): 'running' | 'stopped' | 'ended' | undefined {
  const [tid, start] = tag.split('@');
  if (machineTagOf !== machineTag() || start === undefined) return undefined;
  const status = threadStatus(pid, tid);
  if (status?.start !== start || isEnded(status.state)) return 'ended';
  return status.state === 'T' || status.state === 't' ? 'stopped' : 'running';
}

interface ThreadStatus {
  /** One letter, as in proc(5): R, S, D, Z, T, t, X, … */
  readonly state: string;
  readonly start: string;
}

/** Fields 3 and 22 of /proc/<pid>/task/<tid>/stat, see proc(5); undefined where there is no such thread. */
function threadStatus(pid: number, tid: number | string): ThreadStatus | undefined {
  const text = readOrEmpty(() => readFileSync(`/proc/${pid}/task/${tid}/stat`, 'latin1'));
  // Field 2 is the name in brackets, and may hold anything, brackets and spaces too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields.length < 20 ? undefined : { state: fields[0], start: fields[19] };
}

function isEnded(state: string | undefined): boolean {
  return state === 'Z' || state === 'X';
}

function bootId(): string {
  return readOrEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
}

function pidNamespace(): string {
  return readOrEmpty(() => readlinkSync('/proc/self/ns/pid'));
}

function readOrEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    // No /proc on this system, none to see, or no such process.
    return '';
  }
}
