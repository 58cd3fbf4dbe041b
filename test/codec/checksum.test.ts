import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { checksumOf, isChecksumLoaded, loadChecksum } from '../../src/codec/checksum.js';
import { codeOf } from '../support/errors.js';

describe('a checksum', () => {
  it('must be loaded before it is used', async () => {
    expect(isChecksumLoaded()).toBe(false);
    expect(await codeOf(() => checksumOf([]))).toBe('BAD_ARGUMENT');
  });

  describe('that is loaded', () => {
    beforeAll(loadChecksum);

    it.each([
      // From the reference implementation.
      ['', 'ef46db3751d8e999'],
      ['a', 'd24ec4f1a98c6e5b'],
      ['abc', '44bc2cf5ad770999'],
      ['Nobody inspects the spammish repetition', 'fbcea83c8a378bf1'],
    ])('is XXH64 with seed 0: %j', (text, digits) => {
      expect(checksumOf([Buffer.from(text)])).toBe(`xxh64:${digits}`);
    });

    it('is that of all parts one after the other, however they are cut', () => {
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 200 }),
          fc.array(fc.nat(200), { maxLength: 5 }),
          (bytes, cuts) => {
            const places = [
              0,
              ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b),
              bytes.length,
            ];
            const parts = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
            expect(checksumOf(parts)).toBe(checksumOf([bytes]));
          },
        ),
      );
    });

    it('is the same for parts longer than what is summed at a time', () => {
      const bytes = Uint8Array.from({ length: 200_001 }, (_, i) => i * 31);
      expect(checksumOf([bytes])).toBe(checksumOf([bytes.subarray(0, 77), bytes.subarray(77)]));
    });
  });
});
