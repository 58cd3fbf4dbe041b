/**
 * What stands where in a cache directory.
 *
 *   data/<hh>/<digest>.safetensors   the blobs: an entry exists exactly where its blob does
 *   meta/<hh>/<digest>.json          the sidecars
 *   tmp/                             files being written
 *   quarantine/                      corrupt blobs, moved out of the way, with a note each
 *   journal                          what came and what left, see journal.ts
 *   pins/  leases/                   working sets kept from eviction; who is computing what
 *   README.txt  CACHEDIR.TAG         for people; for backup programs (https://bford.info/cachedir/)
 *
 * <digest> is the SHA-256 of the key in hex, <hh> its first two digits: a shard. Only data/ and meta/ are a
 * contract; all else is derived, and may be deleted at any time.
 */
import { join, sep } from 'node:path';
import { parseDigest, type KeyDigest } from '../ref/key.js';

const BLOB_SUFFIX = '.safetensors';
const SIDECAR_SUFFIX = '.json';

/** Names of the 256 shards: 00 to ff. */
export const SHARDS: readonly string[] = Array.from({ length: 256 }, (_, i) =>
  i.toString(16).padStart(2, '0'),
);

export class Layout {
  readonly data: string;
  readonly meta: string;
  readonly tmp: string;
  readonly quarantine: string;
  readonly journal: string;
  readonly pins: string;
  readonly leases: string;
  readonly readme: string;
  readonly cacheTag: string;

  constructor(readonly dir: string) {
    this.data = join(dir, 'data');
    this.meta = join(dir, 'meta');
    this.tmp = join(dir, 'tmp');
    this.quarantine = join(dir, 'quarantine');
    this.journal = join(dir, 'journal');
    this.pins = join(dir, 'pins');
    this.leases = join(dir, 'leases');
    this.readme = join(dir, 'README.txt');
    this.cacheTag = join(dir, 'CACHEDIR.TAG');
  }

  dataShard(shard: string): string {
    return this.data + sep + shard;
  }

  metaShard(shard: string): string {
    return this.meta + sep + shard;
  }

  blob(digest: KeyDigest): string {
    return this.data + sep + shardOf(digest) + sep + digest + BLOB_SUFFIX;
  }

  sidecar(digest: KeyDigest): string {
    return this.meta + sep + shardOf(digest) + sep + digest + SIDECAR_SUFFIX;
  }
}

export function shardOf(digest: KeyDigest): string {
  return digest.slice(0, 2);
}

/** The digest of a blob's file name in its shard, or undefined where another file stands there. */
export function digestOfBlobName(name: string, shard: string): KeyDigest | undefined {
  return digestOfName(name, shard, BLOB_SUFFIX);
}

/** The digest of a sidecar's file name in its shard, or undefined where another file stands there. */
export function digestOfSidecarName(name: string, shard: string): KeyDigest | undefined {
  return digestOfName(name, shard, SIDECAR_SUFFIX);
}

function digestOfName(name: string, shard: string, suffix: string): KeyDigest | undefined {
  if (!name.endsWith(suffix) || !name.startsWith(shard)) return undefined;
  return parseDigest(name.slice(0, -suffix.length));
}
