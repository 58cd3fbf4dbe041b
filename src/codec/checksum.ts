/**
 * The checksum of a blob: XXH64, seed 0 (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
 *
 * It is there to find damage, not forgery. At a light curve's size it costs half of zlib's CRC-32 and a sixth
 * of SHA-256 (docs/performance.md), so that every blob can be checked at its first read.
 */
import type { XXHashAPI } from 'xxhash-wasm';
import { TessCacheError } from '../errors.js';

declare const checksumBrand: unique symbol;
/** `xxh64:` and 16 lower-case hex digits: which bytes a blob has, cheap to tell and to compare. */
export type Checksum = string & { readonly [checksumBrand]: true };

export const CHECKSUM_PREFIX = 'xxh64:';
export const CHECKSUM_DIGITS = 16;

/** Bytes given to WebAssembly at a time: its memory stays this small, and in the processor's cache. */
const CHUNK_BYTES = 1 << 16;

let xxhash: XXHashAPI | undefined;

/**
 * Compiles the WebAssembly, a millisecond, once in a process. To be awaited before a blob is encoded or
 * decoded; not done at import, so that importing the package stays free and synchronous.
 */
export async function loadChecksum(): Promise<void> {
  const { default: load } = await import('xxhash-wasm');
  xxhash = await load();
}

export function isChecksumLoaded(): boolean {
  return xxhash !== undefined;
}

/** The checksum of all parts, one after the other. */
export function checksumOf(parts: Iterable<Uint8Array>): Checksum {
  if (xxhash === undefined) throw new TessCacheError('BAD_ARGUMENT', 'await loadChecksum() first');
  const sum = xxhash.create64();
  for (const part of parts) {
    for (let start = 0; start < part.length; start += CHUNK_BYTES) {
      sum.update(part.subarray(start, start + CHUNK_BYTES));
    }
  }
  return (CHECKSUM_PREFIX + sum.digest().toString(16).padStart(CHECKSUM_DIGITS, '0')) as Checksum;
}
