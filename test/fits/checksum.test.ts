import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binaryTableHdu, hdu } from '../../examples/fits-writer.mjs';
import { checksumMismatch, onesComplementSum } from '../../src/fits/checksum.js';
import { readHdu } from '../../src/fits/hdu.js';

/** The definition, in integers of any size. */
function naiveSum(bytes: Uint8Array): bigint {
  const padded = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  let sum = 0n;
  for (let at = 0; at < padded.length; at += 4) {
    sum += BigInt(padded.readUInt32BE(at));
    if (sum > 0xffffffffn) sum -= 0xffffffffn;
  }
  return sum;
}

describe("the ones' complement sum", () => {
  it('is that of the definition', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 3 }), (bytes, shift) => {
        const shifted = new Uint8Array(bytes.length + shift).subarray(shift);
        shifted.set(bytes);
        expect(BigInt(onesComplementSum(shifted)) % 0xffffffffn).toBe(naiveSum(bytes) % 0xffffffffn);
      }),
    );
  });

  it('stays exact over more words than a double could add up', () => {
    const bytes = new Uint8Array(12 * 2 ** 20).fill(0xff);
    bytes[bytes.length - 1] = 0xfe;
    expect(onesComplementSum(bytes)).toBe(0xfffffffe);
  });
});

describe('a checksum', () => {
  const values = Float64Array.from({ length: 500 }, (_, i) => Math.sin(i));
  const whole = binaryTableHdu([{ name: 'X', form: 'D', values }], []);

  function mismatch(bytes: Uint8Array): string | undefined {
    const { header, dataStart } = readHdu(bytes, 0, 1)!;
    return checksumMismatch(header, bytes, dataStart);
  }

  it('agrees with what was written', () => {
    expect(mismatch(whole)).toBeUndefined();
  });

  it('disagrees when any one bit of header or data is another', () => {
    const { header, dataStart } = readHdu(whole, 0, 1)!;
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 7 }), (at, bit) => {
        const changed = whole.slice();
        changed[at] ^= 1 << bit;
        expect(checksumMismatch(header, changed, dataStart)).toBe('CHECKSUM');
      }),
    );
  });

  it('counts missing filling as the zeros it was', () => {
    expect(mismatch(whole.subarray(0, 2880 + 4000))).toBeUndefined();
  });

  it('is DATASUM where there is no CHECKSUM, and nothing where there is neither', () => {
    const data = new Uint8Array(2880).fill(1);
    const sum = String(naiveSum(data));
    expect(
      mismatch(
        hdu(
          [
            ['XTENSION', 'IMAGE'],
            ['BITPIX', 8],
            ['NAXIS', 1],
            ['NAXIS1', 2880],
            ['DATASUM', sum],
          ],
          data,
          { checksum: false },
        ),
      ),
    ).toBeUndefined();
    expect(
      mismatch(
        hdu(
          [
            ['XTENSION', 'IMAGE'],
            ['BITPIX', 8],
            ['NAXIS', 1],
            ['NAXIS1', 2880],
            ['DATASUM', '5'],
          ],
          data,
          { checksum: false },
        ),
      ),
    ).toBe('DATASUM');
    expect(
      mismatch(
        hdu(
          [
            ['XTENSION', 'IMAGE'],
            ['BITPIX', 8],
            ['NAXIS', 0],
          ],
          data,
          { checksum: false },
        ),
      ),
    ).toBeUndefined();
  });

  it('of sixteen zeros was not computed', () => {
    const cards = [
      ['XTENSION', 'IMAGE'],
      ['BITPIX', 8],
      ['NAXIS', 0],
      ['CHECKSUM', '0'.repeat(16)],
    ] as const;
    expect(mismatch(hdu(cards, new Uint8Array(0), { checksum: false }))).toBeUndefined();
  });
});
