/**
 * Leases: who is computing what, so that many workers that want one product compute it once.
 *
 *   leases/<digest of the product's key>.json   { "machine", "pid", "token", "beat" } and a newline, 96 bytes
 *
 * A lease is a courtesy: nothing depends on it but work done twice. The holder beats, by writing the file anew
 * in place, while its event loop turns; whoever waits watches the file change. Clocks are never compared.
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
import { isAlive, machineTag } from './process-identity.js';
import { removeQuietly } from './temporary.js';

/** Between two beats. */
export const BEAT_MS = 500;
/** Silence after which a holder on another machine is given up: ten beats. */
const SILENT_MS = 5_000;
/**
 * Silence after which a holder that is alive on this machine is given up: a computation that never yields
 * to the event loop can't beat, and one that takes longer is computed twice.
 */
const BLOCKED_MS = 60_000;

const LEASE_BYTES = 96;

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
      lease.#write(fd);
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
    if (readLease(this.#files, this.#path)?.token === this.#token) removeQuietly(this.#files, this.#path);
  }

  #write(fd: number): void {
    const text = JSON.stringify({
      machine: machineTag(),
      pid: process.pid,
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

  /** Whether the lease is free: given back, or taken from a holder that is dead or silent. */
  isFree(): boolean {
    const lease = readLease(this.#files, this.#path);
    if (lease === undefined) return true;
    if (lease.text !== this.#seen) {
      this.#seen = lease.text;
      this.#since = this.#clock();
    }
    const alive = isAlive(lease.machine, lease.pid);
    const silence = this.#clock() - this.#since;
    if (alive !== false && silence < (alive === true ? BLOCKED_MS : SILENT_MS)) return false;
    this.#takeAway(lease.text);
    return true;
  }

  /** Removes the lease that was seen, and no other that came in its place. */
  #takeAway(text: string): void {
    const aside = join(this.#layout.leases, `.${randomBytes(8).toString('hex')}`);
    try {
      this.#files.rename(this.#path, aside);
      if (readLease(this.#files, aside)?.text !== text) this.#files.link(aside, this.#path);
      this.#files.unlink(aside);
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      removeQuietly(this.#files, aside);
    }
  }
}

interface LeaseText {
  readonly text: string;
  readonly machine: string;
  readonly pid: number;
  readonly token: string;
}

function leasePath(layout: Layout, digest: KeyDigest): string {
  return join(layout.leases, `${digest}.json`);
}

/** The lease, or undefined where there is none. One that can't be read is nobody's. */
function readLease(files: FileSystem, path: string): LeaseText | undefined {
  try {
    const fd = files.open(path, O_RDONLY | O_PLAIN);
    try {
      const bytes = Buffer.alloc(LEASE_BYTES);
      const text = bytes.toString('latin1', 0, readFully(files, fd, bytes));
      return parseLease(text);
    } finally {
      files.close(fd);
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

function parseLease(text: string): LeaseText {
  try {
    const { machine, pid, token } = JSON.parse(text) as Record<string, unknown>;
    if (typeof machine === 'string' && typeof pid === 'number' && typeof token === 'string') {
      return { text, machine, pid, token };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
  }
  // Just being made, or damaged: nobody's, until it has been silent for long enough.
  return { text, machine: '', pid: 0, token: '' };
}
