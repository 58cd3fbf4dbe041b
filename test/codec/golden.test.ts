/** The files of format 1 that other people's caches hold: made by test/golden/generate.py, never changed. */
import { readFileSync, readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeBlob, encodeBlob } from '../../src/codec/blob.js';
import { loadChecksum } from '../../src/codec/checksum.js';
import type { Lineage } from '../../src/codec/lineage.js';
import { LightCurveData } from '../../src/light-curve/light-curve-data.js';
import { firstDifference } from '../support/identical.js';
import { fieldsOf } from '../support/light-curves.js';
import { strictlyRead } from '../support/safetensors-rules.js';

beforeAll(loadChecksum);

const FOLDER = new URL('../golden/', import.meta.url);

interface Golden {
  readonly file: string;
  readonly key: string;
  readonly value: unknown;
  readonly lineage?: Lineage;
}

const golden: readonly Golden[] = [
  { file: 'light-curve.v1.safetensors', key: 'lc:25155310:1:pdcsap', value: lightCurve() },
  { file: 'product.v1.safetensors', key: 'golden product', value: product(), lineage: lineage() },
];

function lightCurve(): LightCurveData {
  const flux = new Float64Array([1, NaN, -0]);
  new BigUint64Array(flux.buffer)[1] = 0x7ff8_0000_dead_beefn;
  return new LightCurveData({
    time: new Float64Array([1325.5, 1325.501388888889, NaN]),
    flux,
    fluxErr: new Float64Array([2.5e-4, Infinity, 5e-324]),
    quality: new Int32Array([0, 128, -(2 ** 31)]),
    validMask: new Uint8Array([1, 0, 0]),
    ticId: 25155310,
    sector: 1,
    cadenceSeconds: 120.00050536807976,
    provenance: {
      sourceFile: 'tess2018206045859-s0001-0000000025155310-0120-s_lc.fits',
      author: 'spoc',
      exptimeSeconds: 120,
      fluxType: 'pdcsap',
      qualityMask: 431,
      normalized: true,
      medianRawFlux: 9247.26025390625,
      raDeg: NaN,
      notes: ['größer als erwartet ☉'],
      headers: { '0': { TICID: 25155310, BIG: 123456789012345678901n, RADESYS: null } },
    },
  });
}

function product(): unknown {
  const value = {
    ticId: 25155310,
    sector: 1,
    power: new Float64Array([0.25, -1e300]),
    fit: {
      'a/b': new Float32Array([-0, 1.5, 1e-45]),
      counts: new BigInt64Array([-(2n ** 63n)]),
      empty: new Uint8Array(0),
    },
    odd: [NaN, -0, -Infinity, 5e-324, 1e21],
    n: -123456789012345678901n,
    when: new Date('2018-07-25T00:00:00Z'),
    never: new Date(NaN),
    map: new Map<unknown, unknown>([
      ['x', 1],
      [[2], undefined],
    ]),
    set: new Set(['a', null, true]),
    bare: Object.assign(Object.create(null) as object, { toString: 'größe ☉' }),
  };
  return Object.defineProperty(value, '__proto__', {
    value: { polluted: false },
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

function lineage(): Lineage {
  return {
    kind: 'bls',
    producer: 'golden',
    version: '1.0.0',
    inputs: [{ key: 'lc:25155310:1:pdcsap', sha256: 'ab'.repeat(32) }],
    params: { min_period: 0.5, windows: [0.05, 0.1] },
  };
}

function readGolden(file: string): Buffer {
  return readFileSync(new URL(file, FOLDER));
}

describe('the golden files', () => {
  it('are all looked at', () => {
    const files = readdirSync(FOLDER).filter((name) => name.endsWith('.safetensors'));
    expect(golden.map(({ file }) => file).sort()).toEqual(files.sort());
  });

  it.each(golden)('are read: $file', ({ file, key, value, lineage: expected }) => {
    const { head, value: back } = decodeBlob(readGolden(file));
    expect(head.key).toBe(key);
    expect(head.lineage).toEqual(
      expected && { ...expected, params: { min_period: 0.5, windows: ['array', 0.05, 0.1] } },
    );
    const comparable = (data: unknown) => (data instanceof LightCurveData ? fieldsOf(data) : data);
    expect(firstDifference(comparable(back), comparable(value))).toBeUndefined();
  });

  it.each(golden)('are written byte for byte: $file', ({ file, key, value, lineage: given }) => {
    const { parts } = encodeBlob(key, value, given);
    expect(Buffer.concat(parts).toString('latin1')).toBe(readGolden(file).toString('latin1'));
  });

  it.each(golden)('are valid safetensors: $file', ({ file }) => {
    expect(() => strictlyRead(readGolden(file))).not.toThrow();
  });
});
