/**
 * Temporary files: <dir>/tmp/<machine tag>-<pid>-<count>-<chance>. Renaming one into its place is the only
 * way in which anything enters the cache.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  DIRECTORY_MODE,
  FILE_MODE,
  O_CREAT,
  O_EXCL,
  O_RDONLY,
  O_WRONLY,
  identityOf,
  lookAt,
  systemCode,
  writeFully,
  type FileIdentity,
  type FileSystem,
} from './file-system.js';
import type { Layout } from './layout.js';
import { isAlive, machineTag } from './process-identity.js';

/**
 * Seconds after which a temporary file is a leftover whoever made it: no put takes an hour, and a pid may
 * have been given to another process, or belong to another machine.
 */
const ABANDONED_AFTER_SECONDS = 3600;
const NAME = /^([0-9a-f]{8})-([0-9]+)-[0-9]+-[0-9a-f]+$/;
/** A lease, or one that was put aside to be removed (see lease.ts). */
const LEASE_NAME = /^(?:[0-9a-f]{64}\.json|\.[0-9a-f]{16})$/;

/** What is copied in the time of a few system calls. */
const WORTH_JOINING_BYTES = 1 << 16;

const NO_SUCH_SERVICE: readonly (string | undefined)[] = ['EINVAL', 'ENOTSUP', 'ENOSYS'];

/** Tells the threads of one process apart, and this process from one that had its pid before. */
const chance = randomBytes(6).toString('hex');
let count = 0;

export interface Temporary {
  readonly path: string;
  readonly identity: FileIdentity;
}

/**
 * Writes a new file under tmp/, whole or not at all.
 *
 * @param sync whether to wait until the bytes are on the disk
 * @throws the system's error; what had been written is removed
 */
export function writeTemporary(
  files: FileSystem,
  layout: Layout,
  parts: readonly Uint8Array[],
  sync: boolean,
): Temporary {
  const path = join(layout.tmp, `${machineTag()}-${process.pid}-${count++}-${chance}`);
  const fd = openTemporary(files, layout, path);
  let identity: FileIdentity;
  try {
    try {
      for (const part of joinSmall(parts)) writeFully(files, fd, part, null);
      if (sync) files.fsync(fd);
      identity = identityOf(files.fstat(fd));
    } finally {
      files.close(fd);
    }
  } catch (error) {
    removeQuietly(files, path);
    throw error;
  }
  return { path, identity };
}

/** One piece instead of several where copying costs less than a call for each. */
function joinSmall(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const bytes = parts.reduce((total, part) => total + part.length, 0);
  return parts.length > 1 && bytes <= WORTH_JOINING_BYTES ? [Buffer.concat(parts)] : parts;
}

/** Moves a temporary file to its place, making the directory of that place where it isn't there yet. */
export function renameInto(files: FileSystem, from: string, to: string): void {
  try {
    files.rename(from, to);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    files.mkdir(join(to, '..'), { recursive: true, mode: DIRECTORY_MODE });
    files.rename(from, to);
  }
}

/** Moves a temporary file to its place, as `renameInto`; where that can't be done, it is removed. */
export function placeTemporary(files: FileSystem, from: string, to: string): void {
  try {
    renameInto(files, from, to);
  } catch (error) {
    removeQuietly(files, from);
    throw error;
  }
}

/**
 * Waits until the names in a directory are on the disk: on ext4 and XFS a rename is, only then. A file system
 * that can't be asked for it (EINVAL, …) makes no difference between the two.
 *
 * @throws the system's error
 */
export function syncDirectory(files: FileSystem, path: string): void {
  const fd = files.open(path, O_RDONLY);
  try {
    files.fsync(fd);
  } catch (error) {
    if (!NO_SUCH_SERVICE.includes(systemCode(error))) throw error;
  } finally {
    files.close(fd);
  }
}

/** Removes a file that is of no use any more; a failure leaves a leftover, which the next clean-up takes. */
export function removeQuietly(files: FileSystem, path: string): void {
  try {
    files.unlink(path);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

/**
 * Paths of temporary files that no living process is writing, and of leases that nobody has held for long. What has
 * no such name is somebody else's, and no leftover: a cache directory may have been given by mistake.
 */
export function findLeftovers(files: FileSystem, layout: Layout, nowSeconds: number): string[] {
  const isAbandoned = (path: string) => ageSeconds(files, path, nowSeconds) > ABANDONED_AFTER_SECONDS;
  const temporaries = list(files, layout.tmp).filter((name) => {
    const [, machine, pid] = NAME.exec(name) ?? [];
    if (machine === undefined) return false;
    return isAlive(machine, Number(pid)) === false || isAbandoned(join(layout.tmp, name));
  });
  const leases = list(files, layout.leases).filter(
    (name) => LEASE_NAME.test(name) && isAbandoned(join(layout.leases, name)),
  );
  return [
    ...temporaries.map((name) => join(layout.tmp, name)),
    ...leases.map((name) => join(layout.leases, name)),
  ];
}

/** Whether a name in tmp/ or leases/ is one that a cache gives. */
export function isTemporaryName(name: string): boolean {
  return NAME.test(name) || LEASE_NAME.test(name);
}

function list(files: FileSystem, path: string): string[] {
  try {
    return files.readdir(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function openTemporary(files: FileSystem, layout: Layout, path: string): number {
  const flags = O_WRONLY | O_CREAT | O_EXCL;
  try {
    return files.open(path, flags, FILE_MODE);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    files.mkdir(layout.tmp, { recursive: true, mode: DIRECTORY_MODE });
    return files.open(path, flags, FILE_MODE);
  }
}

function ageSeconds(files: FileSystem, path: string, nowSeconds: number): number {
  const stats = lookAt(files, path);
  // Where nothing is there, its writer has just renamed or removed it.
  return stats === undefined ? 0 : nowSeconds - stats.mtimeMs / 1000;
}
