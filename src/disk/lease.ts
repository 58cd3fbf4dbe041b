/**
 * Leases: who is computing what, so that many workers that want one product compute it once.
 *
 *   leases/<digest of the product's key>.json   { "machine", "pid", "thread", "token", "beat" }, blanks and a
 *                                               newline: 128 bytes
 *
 * A lease is a courtesy: nothing depends on it but work done twice. On one machine the system says whether the
 * holder still runs. For those on other machines it beats, by writing the file anew in place, while its event
 * loop turns; whoever waits watches the file change. Clocks are never compared.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { KeyDigest } from '../ref/key.js';
import {
  DIRECTORY_MODE,
  FILE_MODE,
  O_CREAT,
  O_EXCL,
  O_PLAIN,
  O_RDONLY,
  O_RDWR,
  readFully,
  systemCode,
  writeFully,
  type FileSystem,
} from './file-system.js';
import type { Layout } from './layout.js';
import { isAlive, machineTag, threadState, threadTag } from './process-identity.js';
import { removeQuietly } from './temporary.js';

/** Between two beats. */
export const BEAT_MS = 500;
/**
 * Silence after which a holder is given up that can't be asked after, or that was stopped: ten beats. A
 * computation on another machine that blocks its event loop for longer is done twice.
 */
const SILENT_MS = 5_000;
/**
 * The same where the system says that the process lives, but not whether the thread does (no /proc): it may well
 * be a computation that never yields to its event loop.
 */
const BLOCKED_MS = 60_000;

const LEASE_BYTES = 128;

export class Lease {
  readonly #files: FileSystem;
  readonly #path: string;
  readonly #token: string;
  #beats = 0;

  private constructor(files: FileSystem, path: string, token: string) {
    this.#files = files;
    this.#path = path;
    this.#token = token;
  }

  /**
   * @returns the lease, or undefined where somebody else has it
   * @throws the system's error, where leases can't be had here at all
   */
  static acquire(files: FileSystem, layout: Layout, digest: KeyDigest): Lease | undefined {
    const path = leasePath(layout, digest);
    const lease = new Lease(files, path, randomBytes(8).toString('hex'));
    const flags = O_RDWR | O_CREAT | O_EXCL;
    try {
      let fd: number;
      try {
        fd = files.open(path, flags, FILE_MODE);
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw error;
        files.mkdir(layout.leases, { recursive: true, mode: DIRECTORY_MODE });
        fd = files.open(path, flags, FILE_MODE);
      }
      try {
        lease.#write(fd);
      } catch (error) {
        removeQuietly(files, path);
        throw error;
      }
      return lease;
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return undefined;
      throw error;
    }
  }

  /** Says that the holder is still at it. */
  beat(): void {
    try {
      if (readLease(this.#files, this.#path)?.token === this.#token) {
        this.#write(this.#files.open(this.#path, O_RDWR | O_PLAIN));
      }
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
  }

  /** Gives it back, where it hasn't been taken over. */
  release(): void {
    try {
      if (readLease(this.#files, this.#path)?.token === this.#token) this.#files.unlink(this.#path);
    } catch (error) {
      // Whoever waits finds out that nobody holds it.
      if (systemCode(error) === undefined) throw error;
    }
  }

  #write(fd: number): void {
    const text = JSON.stringify({
      machine: machineTag(),
      pid: process.pid,
      thread: threadTag(),
      token: this.#token,
      beat: this.#beats++,
    });
    try {
      writeFully(this.#files, fd, Buffer.from(`${text.padEnd(LEASE_BYTES - 1)}\n`, 'latin1'), 0);
    } finally {
      this.#files.close(fd);
    }
  }
}

/** `free`: given back, or taken from a holder that is no more; `stuck`: not to be had, nor to be waited for. */
export type LeaseState = 'held' | 'free' | 'stuck';

/** Watches a lease that somebody else has. */
export class LeaseWatch {
  readonly #files: FileSystem;
  readonly #layout: Layout;
  readonly #path: string;
  /** Milliseconds on a clock that never goes back. */
  readonly #clock: () => number;
  #seen = '';
  #since: number;

  constructor(files: FileSystem, layout: Layout, digest: KeyDigest, clock: () => number) {
    this.#files = files;
    this.#layout = layout;
    this.#path = leasePath(layout, digest);
    this.#clock = clock;
    this.#since = clock();
  }

  look(): LeaseState {
    try {
      const lease = readLease(this.#files, this.#path);
      if (lease === undefined) return 'free';
      if (lease.text !== this.#seen) {
        this.#seen = lease.text;
        this.#since = this.#clock();
      }
      if (this.#clock() - this.#since < patienceWith(lease)) return 'held';
      this.#takeAway(lease.text);
      return 'free';
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined) throw error;
      // It has just been given back, or another who waited was quicker.
      return code === 'ENOENT' || code === 'EEXIST' ? 'free' : 'stuck';
    }
  }

  /** Removes the lease that was seen, and no other that came in its place. */
  #takeAway(text: string): void {
    const aside = join(this.#layout.leases, `.${randomBytes(8).toString('hex')}`);
    this.#files.rename(this.#path, aside);
    try {
      if (readLease(this.#files, aside)?.text !== text) this.#files.link(aside, this.#path);
    } finally {
      removeQuietly(this.#files, aside);
    }
  }
}

/** Silence to wait for before the holder is given up, milliseconds. */
function patienceWith({ machine, pid, thread }: LeaseText): number {
  const state = threadState(machine, pid, thread);
  if (state === 'running') return Infinity;
  if (state === 'ended') return 0;
  const alive = isAlive(machine, pid);
  if (alive === false) return 0;
  return alive === true && state === undefined ? BLOCKED_MS : SILENT_MS;
}

interface LeaseText {
  readonly text: string;
  readonly machine: string;
  readonly pid: number;
  readonly thread: string;
  readonly token: string;
}

function leasePath(layout: Layout, digest: KeyDigest): string {
  return join(layout.leases, `${digest}.json`);
}

/**
 * The lease, or undefined where there is none.
 *
 * @throws the system's error, where something stands there that can't be read
 */
function readLease(files: FileSystem, path: string): LeaseText | undefined {
  let fd: number;
  try {
    fd = files.open(path, O_RDONLY | O_PLAIN);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const bytes = Buffer.alloc(LEASE_BYTES);
    return parseLease(bytes.toString('latin1', 0, readFully(files, fd, bytes)));
  } finally {
    files.close(fd);
  }
}

function parseLease(text: string): LeaseText {
  try {
    const { machine, pid, thread, token } = JSON.parse(text) as Record<string, unknown>;
    if ([machine, thread, token].every((tag) => typeof tag === 'string') && Number.isSafeInteger(pid)) {
      return { text, machine, pid, thread, token } as LeaseText;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
  }
  // Just being made, or damaged: nobody's, until it has been silent for long enough.
  return { text, machine: '', pid: 0, thread: '', token: '' };
}
