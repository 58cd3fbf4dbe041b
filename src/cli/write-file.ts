/** A file of the user's, written whole or not at all. */
import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../disk/file-system.js';
import { TessCacheError, describe } from '../errors.js';

/**
 * Into a temporary file beside the one that is meant, which is then renamed.
 *
 * @param force whether a file that is there may be replaced
 * @throws TessCacheError IO
 */
export function writeWholeFile(path: string, content: string | Uint8Array, force: boolean): void {
  try {
    const target = targetOf(path, force);
    const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
    try {
      writeNew(temporary, content);
      renameSync(temporary, target);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  } catch (cause) {
    if (systemCode(cause) === undefined || cause instanceof TessCacheError) throw cause;
    throw new TessCacheError('IO', `can't write ${describe(path)}: ${(cause as Error).message}`, {
      path,
      cause,
    });
  }
}

/** The file to replace: what a link leads to, not the link. */
function targetOf(path: string, force: boolean): string {
  try {
    lstatSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return path;
    throw error;
  }
  const target = realpathSync(path);
  // A rename would put a file in the place of a device.
  if (!lstatSync(target).isFile()) throw refusal(path, 'no regular file', '-o - writes to standard output');
  if (!force) throw refusal(path, 'already there', '--force replaces it');
  return target;
}

function writeNew(path: string, content: string | Uint8Array): void {
  const file = openSync(path, 'wx');
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function refusal(path: string, found: string, advice: string): TessCacheError {
  return new TessCacheError('IO', `${describe(path)} is ${found}; ${advice}`, { path, found });
}
