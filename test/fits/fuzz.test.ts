/** Short and seeded; TESS_CACHE_FUZZ=100 makes it a hundred times as long, from a seed of its own. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerBytes, type Card } from '../../examples/fits-writer.mjs';
import { readLightCurve } from '../../src/fits/read-light-curve.js';
import { TessCacheError } from '../../src/errors.js';
import { LightCurveData } from '../../src/light-curve/light-curve-data.js';
import { column, custom, eleanor, flux, qlp, realFiles, spoc } from './fixtures.js';

const LONGER = Number(process.env.TESS_CACHE_FUZZ ?? 1);
const SEED = LONGER === 1 ? 20180725 : Date.now();
/** Bytes of arrays for each byte of input: 29 a row, of rows of two bytes at the least. */
const MEMORY_PER_BYTE = 15;

function runs(count: number) {
  return { seed: SEED, numRuns: count * LONGER };
}

/** Any bytes whatever give a light curve or a TessCacheError, in time. */
function survives(bytes: Uint8Array): void {
  const started = performance.now();
  try {
    const data = readLightCurve(bytes, { sector: 1, ticId: 1 });
    expect(data).toBeInstanceOf(LightCurveData);
    expect(data.nPoints * 29).toBeLessThanOrEqual(bytes.length * MEMORY_PER_BYTE);
    for (const header of Object.values(data.provenance!.headers!)) {
      expect(Object.getPrototypeOf(header)).toBe(Object.prototype);
    }
  } catch (error) {
    if (!(error instanceof TessCacheError)) throw error;
  }
  expect(performance.now() - started).toBeLessThan(2_000);
}

const directory = realFiles();
const seeds = [
  spoc(),
  eleanor([['LITE', true]]),
  custom(),
  qlp([column('KSPSAP_FLUX', 'E', flux(1))]),
  ...(directory === undefined ? [] : [readFileSync(`${directory}test-lc-tess-pimen-100-cadences.fits`)]),
];

/** Cards of every kind, and the key words that steer the reader with values that might lead it astray. */
const number = fc.oneof(
  fc.integer(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.double(),
  fc.constant(2 ** 60),
);
const anyValue = fc.oneof(
  number,
  fc.string({ unit: 'grapheme-ascii', maxLength: 100 }),
  fc.boolean(),
  fc.constant(null),
);
const KEYWORDS = [
  'BITPIX',
  'NAXIS',
  'NAXIS1',
  'NAXIS2',
  'PCOUNT',
  'GCOUNT',
  'TFIELDS',
  'TFORM1',
  'TTYPE1',
  'TSCAL1',
];
const MORE = [
  'TZERO1',
  'TNULL1',
  'TDIM1',
  'GROUPS',
  'XTENSION',
  'EXTNAME',
  'NEXTEND',
  'CHECKSUM',
  '__proto__',
  'BJDREFI',
];
const card = fc.tuple(fc.constantFrom(...KEYWORDS, ...MORE), anyValue);

describe('rubbish', () => {
  it('made of light curves with bytes changed, cut out and put in', () => {
    const change = fc.record({
      at: fc.nat(),
      drop: fc.nat({ max: 200 }),
      put: fc.uint8Array({ maxLength: 90 }),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        (seed, changes) => {
          let bytes = Buffer.from(seed);
          for (const { at, drop, put } of changes) {
            const from = at % (bytes.length + 1);
            bytes = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + drop)]);
          }
          survives(bytes);
        },
      ),
      runs(1_500),
    );
  });

  it('made of light curves with single bytes of the headers changed', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.nat({ max: 9_000 }),
        fc.nat({ max: 255 }),
        (seed, at, byte) => {
          const bytes = Buffer.from(seed);
          bytes[at % bytes.length] = byte;
          survives(bytes);
        },
      ),
      runs(3_000),
    );
  });

  it('made of headers that claim anything', () => {
    const cards = (first: Card) =>
      fc.array(card, { maxLength: 25 }).map((more) => headerBytes([first, ...more]));
    fc.assert(
      fc.property(
        fc.oneof(cards(['SIMPLE', true]), fc.constant(spoc().subarray(0, 2880))),
        cards(['XTENSION', 'BINTABLE']),
        fc.uint8Array({ maxLength: 3_000 }),
        (primary, table, data) => {
          survives(Buffer.concat([primary, table, data]));
        },
      ),
      runs(2_000),
    );
  });

  it('made of anything, compressed or not', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 4_000 }),
        fc.constantFrom('', 'SIMPLE  =', '\x1f\x8b\x08'),
        (rest, start) => {
          survives(Buffer.concat([Buffer.from(start, 'latin1'), rest]));
        },
      ),
      runs(500),
    );
  });
});
