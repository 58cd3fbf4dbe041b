/** Reads entries: the value that was put under a key, or why there is none. */
import { decodeBlob, type BlobHead, type DecodedBlob, type KnownBlob } from '../codec/blob.js';
import { TessCacheError, describe } from '../errors.js';
import { parseDataRef } from '../ref/data-ref.js';
import { digestOf, type Key, type KeyDigest } from '../ref/key.js';
import { describeBlob, Obstacle, type BlobFile, type EntryStore } from './entry-store.js';
import type { EntryMetadata } from './entry-metadata.js';
import { systemCode, unlessRefused, type FileIdentity } from './file-system.js';
import { changedInput } from './staleness.js';

/**
 * Why a read gave nothing: `absent` (nothing there), `corrupt` (something is, and isn't sound), `mismatch` (it
 * says that it belongs to another key), `newer-format` (a later version of this package wrote it), `stale` (it was
 * computed from inputs that have changed since).
 */
export type MissReason = 'absent' | 'corrupt' | 'mismatch' | 'newer-format' | 'stale';

export interface Miss {
  readonly hit: false;
  readonly key: string;
  readonly reason: MissReason;
  /** What was expected and what was found, where there was something. */
  readonly detail?: string;
}

export interface Found {
  readonly hit: true;
  readonly digest: KeyDigest;
  readonly value: unknown;
  readonly head: BlobHead;
  readonly blob: BlobFile;
}

/**
 * Bytes of headers kept of files known to be sound: a thousand light curves with all their FITS header values.
 * When there are more they are forgotten, and verified and parsed again when they are read next.
 */
const MAX_KNOWN_BYTES = 16 * 1024 ** 2;
/**
 * A file this young may be changed once more without its times moving, since the kernel's clock ticks every 4
 * to 10 ms; so it is verified again at the next read.
 */
const SETTLED_AFTER_MS = 20;

export class Reader {
  readonly #store: EntryStore;
  readonly #discard: (digest: KeyDigest, key: Key, miss: Miss, seen: FileIdentity | undefined) => void;
  readonly #known = new Map<KeyDigest, { readonly identity: FileIdentity; readonly blob: KnownBlob }>();
  #knownBytes = 0;

  /** @param discard called with what must not be found again; it may throw an I/O error */
  constructor(
    store: EntryStore,
    discard: (digest: KeyDigest, key: Key, miss: Miss, seen: FileIdentity | undefined) => void,
  ) {
    this.#store = store;
    this.#discard = discard;
  }

  /** @throws the system's error, where it is any other than 'not there' */
  read(key: Key): Found | Miss {
    const digest = digestOf(key);
    const blob = this.#store.readBlob(digest);
    if (blob === undefined) return { hit: false, key, reason: 'absent' };
    if (blob instanceof Obstacle) {
      return this.#miss(digest, key, 'corrupt', `${blob.found} stands in place of the blob`, blob.identity);
    }
    const known = this.#findKnown(digest, blob.identity);
    let decoded: DecodedBlob;
    try {
      decoded = decodeBlob(blob.bytes, known);
    } catch (error) {
      if (!(error instanceof TessCacheError)) throw error;
      const reason = error.code === 'NEWER_FORMAT' ? 'newer-format' : 'corrupt';
      return this.#miss(digest, key, reason, error.message, blob.identity);
    }
    const { head, layout, value } = decoded;
    if (known === undefined) {
      const stranger = strangeness(key, head);
      if (stranger !== undefined) return this.#miss(digest, key, 'mismatch', stranger, blob.identity);
      this.#remember(digest, blob.identity, { head, layout });
    }
    const input = head.lineage && changedInput(this.#store, head.lineage);
    if (input !== undefined)
      return { hit: false, key, reason: 'stale', detail: `its input ${input} has changed` };
    return { hit: true, digest, value, head, blob };
  }

  /**
   * Notes the access in the sidecar, and mends the sidecar where it doesn't belong to the blob that was read.
   * That it can't be written is no reason to fail a read.
   */
  noteAccess({ digest, head }: Found, now: number): void {
    try {
      if (!this.#store.touch(digest, head.checksum, now)) this.#store.settle(digest, now);
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
  }

  /** The metadata of an entry that was read. That its sidecar can't be read is no reason to fail. */
  metadataOf({ digest, head, blob }: Found, now: number): EntryMetadata {
    const sidecar = unlessRefused(() => this.#store.readSidecar(digest));
    return sidecar?.checksum === head.checksum ? sidecar : describeBlob(blob, now)!;
  }

  #findKnown(digest: KeyDigest, { ino, size, mtimeMs, ctimeMs }: FileIdentity): KnownBlob | undefined {
    const known = this.#known.get(digest);
    const isSame =
      known?.identity.ino === ino &&
      known.identity.size === size &&
      known.identity.mtimeMs === mtimeMs &&
      known.identity.ctimeMs === ctimeMs;
    return isSame ? known.blob : undefined;
  }

  #remember(digest: KeyDigest, identity: FileIdentity, { head, layout }: KnownBlob): void {
    if (Date.now() - Math.max(identity.mtimeMs, identity.ctimeMs) <= SETTLED_AFTER_MS) return;
    this.#knownBytes += layout.headerBytes;
    if (this.#knownBytes > MAX_KNOWN_BYTES) {
      this.#known.clear();
      this.#knownBytes = layout.headerBytes;
    }
    this.#known.set(digest, { identity, blob: { head, layout } });
  }

  #miss(
    digest: KeyDigest,
    key: Key,
    reason: MissReason,
    detail: string,
    seen: FileIdentity | undefined,
  ): Miss {
    const miss: Miss = { hit: false, key, reason, detail };
    if (reason !== 'newer-format') this.#discard(digest, key, miss, seen);
    return miss;
  }
}

/** Why a sound blob does not belong under a key, or undefined where it does. */
function strangeness(key: Key, head: BlobHead): string | undefined {
  if (head.key !== key) return `the blob belongs to ${describe(head.key)}`;
  const ref = parseDataRef(key);
  if (ref === undefined) return undefined;
  if (head.kind !== 'lightcurve') return 'the blob holds no light curve';
  const named: readonly (readonly [string, string | number])[] = [
    ['tic_id', ref.ticId],
    ['sector', ref.sector],
    ['flux_type', ref.fluxType],
    ['author', ref.author],
    ['exptime_seconds', ref.exptimeSeconds],
  ];
  for (const [name, expected] of named) {
    const found = head.metadata.get(name);
    if (found === undefined || found.toLowerCase() === String(expected)) continue;
    return `the blob holds a light curve whose ${name} is ${describe(found)}`;
  }
  return undefined;
}
