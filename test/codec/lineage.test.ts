import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeBlob, encodeBlob } from '../../src/codec/blob.js';
import { loadChecksum } from '../../src/codec/checksum.js';
import { decodeLineage, encodeLineage, originsOf, type Lineage } from '../../src/codec/lineage.js';
import { codeOf, errorOf } from '../support/errors.js';
import { anyText } from '../support/values.js';

const SHA = 'ab'.repeat(32);
const lineage: Lineage = {
  kind: 'bls',
  producer: 'box-least-squares',
  version: '1.2.0',
  inputs: [
    { key: 'lc:1:1:pdcsap', sha256: SHA },
    { key: 'lc:1:2:pdcsap', sha256: 'cd'.repeat(32) },
  ],
  params: { minPeriod: 1, maxPeriod: 10 },
};

beforeAll(loadChecksum);

describe('lineage', () => {
  it('comes back as it was written', () => {
    const upstream = [{ key: 'lc:1:3:pdcsap', sha256: SHA }];
    for (const each of [lineage, { ...lineage, inputs: [] }, { ...lineage, upstream }]) {
      expect(decodeLineage(encodeLineage(each))).toEqual(each);
    }
  });

  it('keeps the order of inputs, and leaves out what is not part of it', () => {
    const inputs = [...lineage.inputs].reverse().map((input) => ({ ...input, value: 'x' }));
    const json = encodeLineage({ ...lineage, inputs, secret: 1 } as Lineage);
    expect(json).not.toContain('secret');
    expect(json).not.toContain('value');
    expect(decodeLineage(json).inputs.map(({ key }) => key)).toEqual(['lc:1:2:pdcsap', 'lc:1:1:pdcsap']);
  });

  it('writes parameters as plain JSON where they are plain, and typed arrays as their fingerprint', () => {
    const params = { plain: [1, 'a', null], nan: NaN, big: 2n ** 70n, window: new Float64Array([0, 1, 2]) };
    expect(decodeLineage(encodeLineage({ ...lineage, params }))).toMatchObject({
      params: {
        plain: ['array', 1, 'a', null],
        nan: ['number', 'NaN'],
        big: ['bigint', '1180591620717411303424'],
        window: ['Float64Array', 'window'],
      },
      // From Python: sha256(struct.pack('<3d', 0, 1, 2))
      arrays: {
        window: {
          dtype: 'F64',
          shape: [3],
          sha256: 'b0c45303f7f11848cb5e6e5b2af2fb2aecd0b72c28748b88b583ab6bb76df174',
        },
      },
    });
  });

  it('tells what a product depends on, to any depth', () => {
    const upstream = [{ key: 'lc:1:3:pdcsap', sha256: SHA }];
    expect(originsOf(lineage)).toEqual(lineage.inputs);
    expect(originsOf({ ...lineage, upstream })).toEqual([...lineage.inputs, ...upstream]);
  });

  it('is part of the blob, and the same for the same computation', () => {
    const bytes = (of: Lineage) => Buffer.concat(encodeBlob('bls:1:1:x', { period: 3 }, of).parts);
    expect(decodeBlob(bytes(lineage)).head.lineage).toEqual(lineage);
    expect(bytes({ ...lineage }).equals(bytes(lineage))).toBe(true);
    expect(bytes({ ...lineage, version: '1.2.1' }).equals(bytes(lineage))).toBe(false);
  });

  it('refuses parameters that cannot be written', async () => {
    expect(await codeOf(() => encodeLineage({ ...lineage, params: () => 1 }))).toBe('UNSUPPORTED_VALUE');
  });

  it('refuses what could not be read again', async () => {
    const input = { key: 'lc:1:1:pdcsap', sha256: SHA };
    const bad: object[] = [
      { kind: 1 },
      { version: undefined },
      { inputs: undefined },
      { inputs: [undefined] },
      { inputs: [{ ...input, sha256: 5 }] },
      { inputs: [{ ...input, key: '' }] },
      { upstream: [{ ...input, key: '\ud800' }] },
    ];
    for (const changes of bad) {
      expect(await errorOf(() => encodeLineage({ ...lineage, ...changes }))).toMatchObject({
        ...{ code: 'BAD_ARGUMENT', field: 'lineage' },
      });
    }
  });

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"kind":"a","producer":"b","version":"c"}',
    '{"kind":"a","producer":"b","version":"c","inputs":{}}',
    '{"kind":"a","producer":"b","version":"c","inputs":[null]}',
    '{"kind":"a","producer":"b","version":"c","inputs":[{"key":"k"}]}',
    '{"kind":"a","producer":"b","version":"c","inputs":[{"key":"","sha256":"d"}]}',
    '{"kind":"a","producer":"b","version":"c","inputs":[{"key":"\\ud800","sha256":"d"}]}',
    '{"kind":"a","producer":"b","version":"c","inputs":[],"upstream":1}',
    '{"kind":"a","producer":"b","version":"c","inputs":[],"upstream":[{"key":1,"sha256":"d"}]}',
    '{"kind":1,"producer":"b","version":"c","inputs":[]}',
  ])('is corrupt as %j', async (json) => {
    expect(await codeOf(() => decodeLineage(json))).toBe('CORRUPT');
  });

  it('gives a lineage or a typed error for any text', async () => {
    const anyJson = fc.oneof(
      anyText,
      fc.json(),
      fc.jsonValue().map((inputs) => JSON.stringify({ ...lineage, inputs })),
    );
    await fc.assert(
      fc.asyncProperty(anyJson, async (json) => {
        const outcome = await codeOf(() => {
          decodeLineage(json);
        }).catch((error: unknown) => (error as Error).message);
        expect(['CORRUPT', 'expected a TessCacheError, but nothing was thrown']).toContain(outcome);
      }),
    );
  });
});
