/**
 * The file system as the cache uses it, and all of it: every system call of the package's disk part goes
 * through one of these, so that a test can fail or kill at any of them.
 *
 * The calls are synchronous. Reading a light curve takes about as long as waking up a thread to read it would;
 * the asynchronous calls cost three to four times as much at this size.
 */
import fs from 'node:fs';

export interface FileSystem {
  open(path: string, flags: number, mode?: number): number;
  close(fd: number): void;
  fstat(fd: number): fs.Stats;
  /** Bytes read, 0 at the end of the file. */
  read(fd: number, buffer: Uint8Array, offset: number, length: number, position: number): number;
  /** Bytes written, which may be fewer than asked for. */
  write(fd: number, buffer: Uint8Array, offset: number, length: number, position: number | null): number;
  fsync(fd: number): void;
  stat(path: string): fs.Stats;
  /** Undefined where there is nothing by that name: an error for it costs ten times the call. */
  lstat(path: string): fs.Stats | undefined;
  rename(from: string, to: string): void;
  link(existing: string, path: string): void;
  unlink(path: string): void;
  mkdir(path: string, options: { recursive: boolean; mode: number }): void;
  rmdir(path: string): void;
  readdir(path: string): string[];
}

export const nodeFileSystem: FileSystem = {
  open: fs.openSync,
  close: fs.closeSync,
  fstat: (fd) => fs.fstatSync(fd),
  read: fs.readSync,
  write: fs.writeSync,
  fsync: fs.fsyncSync,
  stat: (path) => fs.statSync(path),
  lstat: (path) => fs.lstatSync(path, { throwIfNoEntry: false }),
  rename: fs.renameSync,
  link: fs.linkSync,
  unlink: fs.unlinkSync,
  mkdir: fs.mkdirSync,
  rmdir: fs.rmdirSync,
  readdir: (path) => fs.readdirSync(path),
};

export const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_EXCL, O_APPEND } = fs.constants;
/**
 * Never follow a symbolic link that stands in place of a file, never wait for the writer of a named pipe.
 * (Windows has neither flag.)
 */
export const O_PLAIN = (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0);

/** Only the owner may look into a cache, or write to it. */
export const DIRECTORY_MODE = 0o700;
export const FILE_MODE = 0o600;

/**
 * The system's error code (ENOENT, EACCES, …), or undefined where `error` is no system error. Node's own errors
 * (ERR_INVALID_ARG_TYPE, …) and ours have a `code` too: only the system's have an `errno`.
 */
export function systemCode(error: unknown): string | undefined {
  const { code, errno } = (error instanceof Error ? error : {}) as NodeJS.ErrnoException;
  return typeof code === 'string' && typeof errno === 'number' ? code : undefined;
}

/** Whether an error says that there is no such file: nothing by its name, or no directory where it would be. */
export function isNotThere(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** What stands at a path, links not followed; undefined where nothing does. */
export function lookAt(files: FileSystem, path: string): fs.Stats | undefined {
  try {
    return files.lstat(path);
  } catch (error) {
    if (isNotThere(error)) return undefined;
    throw error;
  }
}

/** The names in a directory; none where there is no directory by that name. */
export function namesIn(files: FileSystem, path: string): string[] {
  try {
    return files.readdir(path);
  } catch (error) {
    if (isNotThere(error)) return [];
    throw error;
  }
}

/** What `act` returns, or undefined where the system refuses it. */
export function unlessRefused<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

/** Which file a path named at one moment. A write in place changes the times, a rename the inode. */
export interface FileIdentity {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** Whether both are one file with the same content; its name may have changed, which touches ctime. */
export function sameContent(a: FileIdentity, b: FileIdentity): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs;
}

/** `Stats` without what is not needed: an identity may be kept for thousands of files. */
export function identityOf({ ino, size, mtimeMs, ctimeMs }: fs.Stats): FileIdentity {
  return { ino, size, mtimeMs, ctimeMs };
}

/** All of a file from the start, at most `buffer.length` bytes. Returns how many. */
export function readFully(files: FileSystem, fd: number, buffer: Uint8Array, position = 0): number {
  let done = 0;
  while (done < buffer.length) {
    const count = files.read(
      fd,
      buffer,
      done,
      Math.min(buffer.length - done, MAX_CALL_BYTES),
      position + done,
    );
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** @throws the system's error, where only a part could be written too */
export function writeFully(files: FileSystem, fd: number, bytes: Uint8Array, position: number | null): void {
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(bytes.length - done, MAX_CALL_BYTES);
    done += files.write(fd, bytes, done, length, position === null ? null : position + done);
  }
}

/** Linux moves at most 2^31 - 4096 bytes in a call. */
const MAX_CALL_BYTES = 2 ** 30;
