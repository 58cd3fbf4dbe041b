/** Whether a product's inputs are still the ones it was computed from. */
import { hash } from 'node:crypto';
import { originsOf, type LineageRecord } from '../codec/lineage.js';
import { checkKey, digestOf, type KeyDigest } from '../ref/key.js';
import { Obstacle, type EntryStore } from './entry-store.js';

/**
 * SHA-256 of the blob that a key has now, or undefined where it has none. It stands in the sidecar; where that
 * belongs to another blob (a put is under way, or was killed) the blob itself is read.
 */
export function currentSha256(store: EntryStore, digest: KeyDigest): string | undefined {
  const seal = store.readBlobSeal(digest);
  const sidecar = store.readSidecar(digest);
  if (seal !== undefined && sidecar?.checksum === seal) return sidecar.sha256;
  const blob = store.readBlob(digest);
  return blob === undefined || blob instanceof Obstacle ? undefined : hash('sha256', blob.bytes, 'hex');
}

/**
 * The first of the inputs, or of what those were computed from, that has another value now than when the product
 * was computed. One that is not there, since it was evicted or deleted, says nothing against the product.
 */
export function changedInput(store: EntryStore, lineage: LineageRecord): string | undefined {
  return originsOf(lineage).find(({ key, sha256 }) => {
    const current = currentSha256(store, digestOf(checkKey(key)));
    return current !== undefined && current !== sha256;
  })?.key;
}
