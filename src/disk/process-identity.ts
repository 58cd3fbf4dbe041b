/** Who writes: a tag of the machine and pid, to tell the leftovers of a dead process from a living one's work. */
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

/** Whether a process of this machine tag is alive; one of another machine can't be told. */
export function isAlive(tag: string, pid: number): boolean | undefined {
  if (tag !== machineTag()) return undefined;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, under another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
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
    // No /proc on this system, or none to see: the host name has to do.
    return '';
  }
}
