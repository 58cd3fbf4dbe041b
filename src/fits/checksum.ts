/**
 * FITS checksums (FITS standard 4.0, section 4.4.2.7 and appendix J).
 *
 * CHECKSUM is chosen by the writer so that the ones' complement sum of all big-endian 32-bit words of the HDU,
 * header and data, is minus zero (all ones). DATASUM is that sum over the data alone, as a decimal string.
 * SPOC writes CHECKSUM without DATASUM, so the whole HDU is summed.
 */
import { textOf, type Header } from './header.js';

const ALL_ONES = 0xffffffff;
/** Bytes between two foldings: 2^20 words below 2^32 each add up to less than 2^53, exact in a double. */
const FOLD_BYTES = 4 * 2 ** 20;

/**
 * Ones' complement sum of the bytes as big-endian 32-bit words; a last word that is cut short is filled with
 * zeros. Zero is given as 0 or as all ones, as it comes out.
 */
export function onesComplementSum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.byteLength - (bytes.byteLength % 16);
  let total = 0;
  for (let start = 0; start < whole; start += FOLD_BYTES) {
    const end = Math.min(start + FOLD_BYTES, whole);
    let sum = 0;
    // Four words an addition to `sum`: each of those has to wait for the one before.
    for (let at = start; at < end; at += 16) {
      sum += view.getUint32(at) + view.getUint32(at + 4) + (view.getUint32(at + 8) + view.getUint32(at + 12));
    }
    total = fold(total + sum);
  }
  let last = 0;
  for (let at = whole; at < bytes.byteLength; at++) last += bytes[at] * 2 ** (24 - 8 * (at % 4));
  return fold(total + last);
}

/** Adds what overflows 32 bits back in at the low end. */
function fold(sum: number): number {
  let folded = sum;
  while (folded > ALL_ONES) folded = (folded % 2 ** 32) + Math.floor(folded / 2 ** 32);
  return folded;
}

/**
 * The key word that the bytes contradict, or undefined where they agree or the HDU has no checksum.
 *
 * @param hdu bytes of the header and the data with their filling
 * @param dataStart where in `hdu` the data begin
 */
export function checksumMismatch(header: Header, hdu: Uint8Array, dataStart: number): string | undefined {
  const checksum = textOf(header, 'CHECKSUM');
  // Sixteen zeros mean that no checksum was computed.
  if (checksum !== undefined && !/^0*$/.test(checksum)) {
    const sum = onesComplementSum(hdu);
    return sum === 0 || sum === ALL_ONES ? undefined : 'CHECKSUM';
  }
  const dataSum = textOf(header, 'DATASUM');
  if (dataSum === undefined || !/^[0-9]+$/.test(dataSum)) return undefined;
  const sum = onesComplementSum(hdu.subarray(dataStart));
  return sum % ALL_ONES === Number(dataSum) % ALL_ONES ? undefined : 'DATASUM';
}
