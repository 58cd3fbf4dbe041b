/** What a cache directory says of itself, to people who find it and to programs that back disks up. */
import { DIRECTORY_MODE, lookAt, systemCode, type FileSystem } from './file-system.js';
import type { Layout } from './layout.js';
import { placeTemporary, writeTemporary } from './temporary.js';

/** The signature of https://bford.info/cachedir/ : backup programs leave out a directory that has it. */
const CACHE_TAG = `Signature: 8a477f597d28d172789f06886806bc55
# This directory is a cache made by tess-cache. See https://bford.info/cachedir/
`;

const README = `This directory holds TESS light curves, and products computed from them, cached by tess-cache.

  data/        one .safetensors file an entry: the value, complete by itself, readable by any safetensors reader
  meta/        one .json file an entry: what it is, when it was put and last read
  quarantine/  files that were found damaged, each with a note; yours to look at, or to delete

All of it may be deleted at any time: the price is that it has to be made again. To look in or tidy up:

  tess-cache --cache-dir . ls
  tess-cache --cache-dir . verify
  tess-cache --cache-dir . clear
`;

/** Writes each text where no file of that name is. They serve people: a failure is of no consequence. */
export function introduce(files: FileSystem, layout: Layout): void {
  try {
    files.mkdir(layout.dir, { recursive: true, mode: DIRECTORY_MODE });
    if (lookAt(files, layout.readme) === undefined) write(files, layout, README, layout.readme);
    if (lookAt(files, layout.cacheTag) === undefined) write(files, layout, CACHE_TAG, layout.cacheTag);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

function write(files: FileSystem, layout: Layout, text: string, target: string): void {
  placeTemporary(files, writeTemporary(files, layout, [Buffer.from(text)], false).path, target);
}
