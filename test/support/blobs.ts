/** Blobs made by hand, sealed with a right checksum, so that what lies behind the checksum is reached. */
import { CHECKSUM_DIGITS, CHECKSUM_PREFIX, checksumOf } from '../../src/codec/checksum.js';
import { encodeBlob } from '../../src/codec/blob.js';

const ZEROS = '0'.repeat(CHECKSUM_DIGITS);

export function blobOf(key: string, value: unknown): Buffer {
  return Buffer.concat(encodeBlob(key, value).parts);
}

/**
 * A sealed file of this metadata and these tensors, whatever they say. `checksum` is put in front of the
 * metadata; the data are as given.
 */
export function sealedFile(
  metadata: Readonly<Record<string, unknown>>,
  tensors: Readonly<Record<string, unknown>> = {},
  data: Uint8Array = new Uint8Array(),
): Buffer {
  const checksum = CHECKSUM_PREFIX + ZEROS;
  const entries = Object.entries(tensors).map(([name, entry]) => [JSON.stringify(name), entry] as const);
  const body = entries.map(([name, entry]) => `,${name}:${JSON.stringify(entry)}`).join('');
  return seal(`{"__metadata__":${JSON.stringify({ checksum, ...metadata })}${body}}`, data);
}

/** A sealed file with this header, which starts as a blob's does, the digits of its checksum being zeros. */
export function seal(header: string, data: Uint8Array = new Uint8Array()): Buffer {
  const text = Buffer.from(header, 'utf8');
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return reseal(Buffer.concat([length, padded, data]));
}

/** The same file with a right checksum, where it has the place for one. */
export function reseal(file: Buffer): Buffer {
  const at = file.indexOf(CHECKSUM_PREFIX) + CHECKSUM_PREFIX.length;
  const sealed = Buffer.from(file);
  sealed.write(ZEROS, at, 'latin1');
  sealed.write(checksumOf([sealed]).slice(CHECKSUM_PREFIX.length), at, 'latin1');
  return sealed;
}

/** Metadata of a plain value with this structure. */
export function valueMetadata(key: string, structure: string): Record<string, string> {
  return { format: 'tess-cache/1', key, kind: 'value', structure };
}
