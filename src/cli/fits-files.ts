/** The files that paths on the command line stand for. */
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../disk/file-system.js';
import { TessCacheError } from '../errors.js';
import { looksLikeFits } from '../fits/read-light-curve.js';

export interface FitsFile {
  readonly path: string;
  /** Why there is nothing to read at this path. */
  readonly error?: TessCacheError;
}

/**
 * A file that is named is taken whatever its name is; of a directory, all files under it whose names look like
 * FITS, sorted. Symbolic links are followed; no directory is entered twice, so links can't lead in a circle.
 */
export function findFitsFiles(paths: readonly string[]): FitsFile[] {
  const entered = new Set<string>();
  const files: FitsFile[] = [];
  for (const path of paths) collect(path, true, entered, files);
  return files;
}

function collect(path: string, isNamed: boolean, entered: Set<string>, files: FitsFile[]): void {
  try {
    if (!statSync(path).isDirectory()) {
      if (isNamed || looksLikeFits(path)) files.push({ path });
      return;
    }
    const directory = realpathSync(path);
    if (entered.has(directory)) return;
    entered.add(directory);
    for (const name of readdirSync(path).sort()) collect(join(path, name), false, entered, files);
  } catch (cause) {
    if (systemCode(cause) === undefined) throw cause;
    // A link in a folder that leads nowhere is only of interest where it looks like a light curve.
    if (!isNamed && systemCode(cause) === 'ENOENT' && !looksLikeFits(path)) return;
    const { message } = cause as Error;
    files.push({ path, error: new TessCacheError('IO', `${path}: ${message}`, { path, cause }) });
  }
}
