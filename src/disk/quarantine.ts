/**
 * Where blobs go that are not what they should be: out of the way, so that they fail once, and kept for a
 * while with a note, so that somebody can find out why. What is no part of a cache is kept for good: it is
 * somebody else's, and may be there by mistake.
 *
 *   quarantine/<milliseconds since the epoch>-<name>             the file, or what stood in its place
 *   quarantine/<milliseconds since the epoch>-<name>.note.json   { path, problem, at, pid }
 */
import { join } from 'node:path';
import type { KeyDigest } from '../ref/key.js';
import {
  identityOf,
  lookAt,
  sameContent,
  systemCode,
  unlessRefused,
  type FileIdentity,
  type FileSystem,
} from './file-system.js';
import type { Layout } from './layout.js';
import { placeTemporary, removeQuietly, renameInto, writeTemporary } from './temporary.js';

/** Blobs kept, and bytes of them: enough to look into a bad disk, little beside a cache. */
const MAX_KEPT = 32;
const MAX_KEPT_BYTES = 256 * 1024 ** 2;
const NOTE_SUFFIX = '.note.json';
/** What stood in the place of a blob or a sidecar, as against strays. */
const OF_AN_ENTRY = /^[0-9]{13,}-[0-9a-f]{64}\.(?:safetensors|json)(?:\.note\.json)?$/;

/**
 * Moves what stands in the place of a blob into quarantine.
 *
 * @param seen what was found wanting: where another has come in its place meanwhile, that stays; undefined for
 *   what can't be opened (a link, a socket), in whose place a file may have come
 * @returns the path it was moved to, or undefined where it was gone or replaced already
 * @throws the system's error
 */
export function quarantineBlob(
  files: FileSystem,
  layout: Layout,
  digest: KeyDigest,
  problem: string,
  nowSeconds: number,
  seen?: FileIdentity,
): string | undefined {
  const path = layout.blob(digest);
  if (seen !== undefined && !isStill(files, path, seen)) return undefined;
  const isWanted = (target: string) =>
    seen === undefined ? lookAt(files, target)?.isFile() === false : isStill(files, target, seen);
  return moveToQuarantine(files, layout, path, `${digest}.safetensors`, problem, nowSeconds, isWanted);
}

/**
 * Moves any file, link or directory into quarantine, with a note.
 *
 * @param isWanted whether what was moved is what was meant; it is put back where it isn't
 */
export function moveToQuarantine(
  files: FileSystem,
  layout: Layout,
  path: string,
  name: string,
  problem: string,
  nowSeconds: number,
  isWanted: (target: string) => boolean = () => true,
): string | undefined {
  const target = freeName(files, layout, name, nowSeconds);
  try {
    renameInto(files, path, target);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  if (!isWanted(target)) {
    // A put came in between the look and the rename.
    putBack(files, target, path);
    return undefined;
  }
  // It is out of the way: that no note can be written, or no room made, is no failure.
  unlessRefused(() => {
    const note = Buffer.from(`${JSON.stringify({ path, problem, at: nowSeconds, pid: process.pid })}\n`);
    placeTemporary(files, writeTemporary(files, layout, [note], false).path, target + NOTE_SUFFIX);
  });
  unlessRefused(() => {
    bound(files, layout);
  });
  return target;
}

/** A name that nothing has yet: a rename would overwrite it. */
function freeName(files: FileSystem, layout: Layout, name: string, nowSeconds: number): string {
  for (let at = Math.round(nowSeconds * 1000); ; at++) {
    const path = join(layout.quarantine, `${String(at).padStart(13, '0')}-${name}`);
    if (lookAt(files, path) === undefined) return path;
  }
}

function isStill(files: FileSystem, path: string, seen: FileIdentity): boolean {
  const stats = lookAt(files, path);
  return stats !== undefined && sameContent(identityOf(stats), seen);
}

/** Linking doesn't overwrite a still newer file, as renaming does; but not every file system has links. */
function putBack(files: FileSystem, from: string, to: string): void {
  try {
    files.link(from, to);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    if (systemCode(error) !== 'EEXIST') {
      renameInto(files, from, to);
      return;
    }
  }
  files.unlink(from);
}

/** Removes the oldest until the rest is within bounds, strays apart; a note goes with what it is about. */
function bound(files: FileSystem, layout: Layout): void {
  const all = files.readdir(layout.quarantine);
  const names = all
    .filter((name) => OF_AN_ENTRY.test(name))
    .sort()
    .reverse();
  const kept = new Set<string>();
  let bytes = 0;
  for (const name of names.filter((each) => !each.endsWith(NOTE_SUFFIX))) {
    bytes += lookAt(files, join(layout.quarantine, name))?.size ?? 0;
    // The newest stays, however long it is.
    if (kept.size === 0 || (kept.size < MAX_KEPT && bytes <= MAX_KEPT_BYTES)) kept.add(name);
  }
  for (const name of names) {
    const about = name.endsWith(NOTE_SUFFIX) ? name.slice(0, -NOTE_SUFFIX.length) : name;
    if (!kept.has(about)) discard(files, join(layout.quarantine, name));
  }
}

/** Removes a file, link or empty directory; a directory with content is left to its owner. */
function discard(files: FileSystem, path: string): void {
  try {
    if (lookAt(files, path)?.isDirectory() === true) files.rmdir(path);
    else removeQuietly(files, path);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}
