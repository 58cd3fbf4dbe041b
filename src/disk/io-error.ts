/** System errors as TessCacheErrors: what was being done, to which path, and what to do about it. */
import { TessCacheError } from '../errors.js';
import { systemCode } from './file-system.js';

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space, or lower maxBytes.',
  EDQUOT: 'The disk quota is used up: free some space, or lower maxBytes.',
  EACCES:
    'Permission denied: check the owner and mode of this path and of the cache directory, or open the cache readOnly.',
  EPERM:
    'Permission denied: check the owner and mode of this path and of the cache directory, or open the cache readOnly.',
  EROFS: 'The file system is read-only: open the cache with readOnly, or choose another directory.',
  EIO: 'The device failed. The entry was left as it is; try again, and check the disk.',
  ESTALE: 'The network file system lost track of the file; try again.',
  EMFILE: 'This process has too many open files: close some, or raise the limit (ulimit -n).',
  ENFILE: 'The system has too many open files: close some.',
  ENOENT: 'Somebody removed the directories of the cache while it was in use; try again.',
  EISDIR: 'A directory stands where a file of the cache should be: move it away.',
  ELOOP: 'Symbolic links lead in a circle: check the path of the cache directory.',
  EBUSY: 'Another program holds the file; try again.',
  ENOTDIR: 'A file stands where a directory of the cache should be: move it away.',
  ENAMETOOLONG: 'The path of the cache directory is too long.',
  EXDEV:
    'A part of the cache directory is on another file system: move all of it there, and link to it as a whole.',
  EFBIG: 'Files may not get this long here: raise the limit (ulimit -f), or choose another file system.',
  ETIMEDOUT: 'The network file system did not answer; try again.',
  EINTR: 'The call was interrupted; try again.',
  EAGAIN: 'The system is short of something just now; try again.',
  ENOMEM: 'The system is out of memory: end something, and try again.',
  ENOTEMPTY: 'A directory with something in it stands where a file of the cache should be: move it away.',
  EEXIST: 'Something stands where a directory of the cache should be: move it away.',
};

const NO_SPACE_CODES = new Set(['ENOSPC', 'EDQUOT']);

export function isNoSpace(error: unknown): boolean {
  return NO_SPACE_CODES.has(systemCode(error) ?? '');
}

/** A system error in a few words: its code, and what to do about it where there is something. */
export function adviceOn(error: unknown): string {
  const code = systemCode(error) ?? '';
  const advice = ADVICE[code];
  return advice === undefined ? code : `${code}. ${advice}`;
}

/** `error` as it is where it is a TessCacheError already or no system error at all. */
export function toIoError(error: unknown, doing: string, path: string, key?: string): unknown {
  const system = systemCode(error);
  if (error instanceof TessCacheError || system === undefined) return error;
  const message = `${doing} failed with ${system} at ${path}. ${ADVICE[system] ?? 'See the cause.'}`;
  return new TessCacheError(isNoSpace(error) ? 'NO_SPACE' : 'IO', message, {
    path,
    key,
    found: system,
    cause: error,
  });
}
