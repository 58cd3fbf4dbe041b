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
  const words = bytes.byteLength - (bytes.byteLength % 4);
  let total = 0;
  for (let start = 0; start < words; start += FOLD_BYTES) {
    const end = Math.min(start + FOLD_BYTES, words);
    let sum = 0;
    for (let at = start; at < end; at += 4) sum += view.getUint32(at);
    total = fold(total + sum);
  }
  let last = 0;
  for (let at = words; at < bytes.byteLength; at++) last += bytes[at] * 2 ** (24 - 8 * (at % 4));
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
