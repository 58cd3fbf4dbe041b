import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { SEAL_END, decodeBlob, encodeBlob, readSeal } from '../../src/codec/blob.js';
import { checksumOf, loadChecksum } from '../../src/codec/checksum.js';
import { TessCacheError } from '../../src/errors.js';
import { LightCurveData } from '../../src/light-curve/light-curve-data.js';
import { blobOf, reseal, seal, sealedFile, valueMetadata } from '../support/blobs.js';
import { codeOf, errorOf } from '../support/errors.js';
import { firstDifference } from '../support/identical.js';
import { DATA_REF, fieldsOf, fullProvenance, sampleLightCurve } from '../support/light-curves.js';
import { strictlyRead } from '../support/safetensors-rules.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { anyValue } from '../support/values.js';

beforeAll(loadChecksum);

/** What decoding may come to: its outcome in one word. */
function outcomeOf(file: Buffer): string {
  try {
    decodeBlob(file);
    return 'a value';
  } catch (error) {
    if (error instanceof TessCacheError) return error.code;
    throw error;
  }
}

describe('a blob', () => {
  it('gives back any value with its key, bit for bit, in a valid safetensors file', () => {
    fc.assert(
      fc.property(anyValue, fc.string({ minLength: 1 }), (value, key) => {
        const file = blobOf(key, value);
        const { head, value: back } = decodeBlob(file);
        expect(firstDifference(back, value)).toBeUndefined();
        expect(head.key).toBe(key);
        expect(head.kind).toBe('value');
        expect(strictlyRead(file).metadata).toMatchObject({ key, kind: 'value', format: 'tess-cache/1' });
      }),
      { numRuns: 300 },
    );
  });

  it('has the same bytes for the same value under the same key, and others under another', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const file = blobOf('a', value);
        expect(blobOf('a', value).equals(file)).toBe(true);
        expect(blobOf('a', decodeBlob(file).value).equals(file)).toBe(true);
        expect(blobOf('b', value).equals(file)).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  it('gives back a light curve, bit for bit, over the bytes that were read', () => {
    const data = sampleLightCurve(33, { provenance: fullProvenance });
    const file = blobOf(DATA_REF, data);
    const { head, value } = decodeBlob(file);
    expect(head.kind).toBe('lightcurve');
    expect(value).toBeInstanceOf(LightCurveData);
    const back = value as LightCurveData;
    expect(firstDifference(fieldsOf(back), fieldsOf(data))).toBeUndefined();
    expect((back.flux as Float64Array).buffer).toBe(file.buffer);
  });

  it('gives back light curves without rows, without cadence and without provenance', () => {
    for (const data of [
      sampleLightCurve(0),
      sampleLightCurve(1, { cadenceSeconds: NaN }),
      sampleLightCurve(5, { ticId: Number.MAX_SAFE_INTEGER, sector: 0, provenance: {} }),
    ]) {
      const back = decodeBlob(blobOf('k', data)).value as LightCurveData;
      expect(firstDifference(fieldsOf(back), fieldsOf(data))).toBeUndefined();
    }
  });

  it('reads a light curve at any place in memory', () => {
    const file = blobOf('k', sampleLightCurve(9));
    for (let shift = 0; shift < 8; shift++) {
      const shifted = Buffer.from(new ArrayBuffer(file.length + shift), shift);
      file.copy(shifted);
      const back = decodeBlob(shifted).value as LightCurveData;
      expect(firstDifference(fieldsOf(back), fieldsOf(sampleLightCurve(9)))).toBeUndefined();
    }
  });

  it('carries the target that a value names, or that its key names', () => {
    const targetOf = (key: string, value: unknown) => {
      const { tic_id, sector } = strictlyRead(blobOf(key, value)).metadata;
      return [tic_id, sector];
    };
    expect(targetOf('k', { ticId: 5, sector: 2 })).toEqual(['5', '2']);
    expect(targetOf('k', { tic_id: 5 })).toEqual(['5', undefined]);
    expect(targetOf('k', { ticId: 'x', sector: 1.5 })).toEqual([undefined, undefined]);
    expect(targetOf('k', null)).toEqual([undefined, undefined]);
    expect(targetOf('k', new Map([['ticId', 5]]))).toEqual([undefined, undefined]);
  });

  it('refuses a light curve that would not come back', async () => {
    const unsound = sampleLightCurve(4);
    (unsound.validMask as Uint8Array)[1] = 7;
    expect(await codeOf(() => encodeBlob('k', unsound))).toBe('BAD_LIGHT_CURVE');
    const replaced = Object.assign(sampleLightCurve(4), { flux: [1, 2, 3, 4] });
    expect(await codeOf(() => encodeBlob('k', replaced))).toBe('BAD_LIGHT_CURVE');
    const extended = Object.assign(sampleLightCurve(4), { note: 'mine' });
    expect(await codeOf(() => encodeBlob('k', extended))).toBe('UNSUPPORTED_VALUE');
    class Mine extends LightCurveData {}
    expect(await codeOf(() => encodeBlob('k', new Mine(sampleLightCurve(4))))).toBe('UNSUPPORTED_VALUE');
    const transferred = sampleLightCurve(4);
    giveAway(transferred.flux);
    expect(await codeOf(() => encodeBlob('k', transferred))).toBe('BAD_LIGHT_CURVE');
    const empty = sampleLightCurve(0);
    giveAway(empty.flux);
    expect(await codeOf(() => encodeBlob('k', empty))).toBe('UNSUPPORTED_VALUE');
    expect(await codeOf(() => encodeBlob('k', { data: sampleLightCurve(1) }))).toBe('UNSUPPORTED_VALUE');
  });
});

/** Takes the memory from an array, as a transfer to a worker does. */
function giveAway(array: unknown): void {
  const buffer = (array as Float64Array).buffer as ArrayBuffer;
  structuredClone(buffer, { transfer: [buffer] });
}

describe('damage to a blob', () => {
  const samples = () => [
    ['a value', blobOf('k', { power: new Float64Array([1, 2]), n: 1n })] as const,
    ['a light curve', blobOf(DATA_REF, sampleLightCurve(1, { provenance: { author: 'spoc' } }))] as const,
  ];

  it('is found wherever one bit is flipped', () => {
    for (const [what, file] of samples()) {
      for (let bit = 0; bit < file.length * 8; bit++) {
        file[bit >> 3] ^= 1 << (bit & 7);
        expect(outcomeOf(file), `${what}, bit ${bit}`).toBe('CORRUPT');
        file[bit >> 3] ^= 1 << (bit & 7);
      }
      expect(outcomeOf(file)).toBe('a value');
    }
  });

  it('is found wherever the file ends too early, and where the rest is zeros', () => {
    for (const [what, file] of samples()) {
      for (let length = 0; length < file.length; length++) {
        expect(outcomeOf(file.subarray(0, length)), `${what}, ${length} bytes`).toBe('CORRUPT');
        const zeroed = Buffer.concat([file.subarray(0, length), Buffer.alloc(file.length - length)]);
        if (!zeroed.equals(file)) expect(outcomeOf(zeroed), `${what}, zeros from ${length}`).toBe('CORRUPT');
      }
    }
  });

  it('is found where bytes were appended, put in, or changed places', () => {
    for (const [, file] of samples()) {
      expect(outcomeOf(Buffer.concat([file, Buffer.alloc(1)]))).toBe('CORRUPT');
      expect(outcomeOf(Buffer.concat([file, file]))).toBe('CORRUPT');
      expect(outcomeOf(Buffer.concat([file.subarray(0, 20), Buffer.alloc(1), file.subarray(20)]))).toBe(
        'CORRUPT',
      );
      const swapped = Buffer.from(file);
      swapped.copyWithin(file.length - 16, file.length - 8);
      if (!swapped.equals(file)) expect(outcomeOf(swapped)).toBe('CORRUPT');
    }
  });

  it('is found in the digits of the checksum, in the other case of a letter too', () => {
    const letter = ['k', 'l', 'm', 'n']
      .map((key) => blobOf(key, 1))
      .find((file) => /[a-f]/.test(digitsOf(file)));
    const file = Buffer.from(letter!);
    file.write(digitsOf(file).toUpperCase(), SEAL_END - 16, 'latin1');
    expect(outcomeOf(file)).toBe('CORRUPT');
  });

  it('gives nothing but TessCacheErrors, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(outcomeOf(Buffer.from(bytes))).toBe('CORRUPT');
      }),
      { numRuns: 200 },
    );
  });
});

function digitsOf(file: Buffer): string {
  return file.toString('latin1', SEAL_END - 16, SEAL_END);
}

describe('a file that is sound and yet no blob of this version', () => {
  it('is NEWER_FORMAT where it says so, sealed as ours or otherwise', async () => {
    const newer = sealedFile({ ...valueMetadata('k', '1'), format: 'tess-cache/2', extra: 'x' });
    const error = await errorOf(() => decodeBlob(newer));
    expect(error).toMatchObject({ code: 'NEWER_FORMAT', found: 'format 2' });
    const otherwise = seal('{"__metadata__":{"format":"tess-cache/17","checksum":"xxh64:0000000000000000"}}');
    expect(outcomeOf(otherwise)).toBe('NEWER_FORMAT');
  });

  it('is CORRUPT where it is damaged and would be newer', () => {
    const file = blobOf('k', 1);
    file.write('tess-cache/9', file.indexOf('tess-cache/1'), 'latin1');
    expect(outcomeOf(file)).toBe('CORRUPT');
  });

  const metadata = valueMetadata('k', '1');
  const curve = {
    format: 'tess-cache/1',
    key: 'k',
    kind: 'lightcurve',
    tic_id: '1',
    sector: '1',
    cadence_seconds: 'NaN',
    time_format: 'btjd',
    time_scale: 'tdb',
  };
  const tensor = (dtype: string, begin: number, end: number, shape = [0]) => ({
    dtype,
    shape,
    data_offsets: [begin, end],
  });
  const none = {
    time: tensor('F64', 0, 0),
    flux: tensor('F64', 0, 0),
    flux_err: tensor('F64', 0, 0),
    quality: tensor('I32', 0, 0),
    valid_mask: tensor('BOOL', 0, 0),
  };
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  it.each([
    ['of another program', { format: 'pt' }, {}],
    ['of no format', { ...metadata, format: undefined }, {}],
    ['of format 0', { ...metadata, format: 'tess-cache/0' }, {}],
    ['of format 01', { ...metadata, format: 'tess-cache/01' }, {}],
    ['without a key', { ...metadata, key: undefined }, {}],
    ['without a kind', { ...metadata, kind: undefined }, {}],
    ['of an unknown kind', { ...metadata, kind: 'x'.repeat(100_000) }, {}],
    ['without a structure', { ...metadata, structure: undefined }, {}],
    ['with a deep structure', { ...metadata, structure: deep }, {}],
    ['with a structure of missing tensors', { ...metadata, structure: '["Float64Array","x"]' }, {}],
    ['with a lineage that is none', { ...metadata, lineage: 'null' }, {}],
    ['with a deep lineage', { ...metadata, lineage: deep }, {}],
    ['with a light curve in MJD', { ...curve, time_format: 'mjd' }, none],
    ['with a light curve in UTC', { ...curve, time_scale: 'x'.repeat(100_000) }, none],
    ['with a light curve of no star', { ...curve, tic_id: undefined }, none],
    ['with a light curve of half a star', { ...curve, tic_id: '0.5' }, none],
    ['with a light curve of no sector', { ...curve, sector: 'x' }, none],
    ['with a light curve without flux', curve, { ...none, flux: undefined }],
    ['with a light curve in float32', curve, { ...none, flux: tensor('F32', 0, 0) }],
    ['with a light curve in two dimensions', curve, { ...none, flux: tensor('F64', 0, 0, [0, 1]) }],
  ])('is refused: %s', async (_what, head, tensors) => {
    const file = sealedFile(head, JSON.parse(JSON.stringify(tensors)) as Record<string, unknown>);
    const error = await errorOf(() => decodeBlob(file));
    expect(['CORRUPT', 'BAD_LIGHT_CURVE']).toContain(error.code);
    expect(error.message.length).toBeLessThan(400);
  });

  it('is refused: arrays of different lengths, a mask of sevens', () => {
    const rows = { ...none, time: tensor('F64', 0, 8, [1]) };
    expect(outcomeOf(sealedFile(curve, rows, new Uint8Array(8)))).toBe('BAD_LIGHT_CURVE');
    const file = blobOf('k', sampleLightCurve(1));
    file[file.length - 1] = 7;
    expect(outcomeOf(reseal(file))).toBe('BAD_LIGHT_CURVE');
  });

  it('takes one tensor once, however often it is named', () => {
    const structure = `["array"${',["Buffer","x"]'.repeat(10_000)}]`;
    const file = sealedFile(valueMetadata('k', structure), { x: tensor('U8', 0, 8, [8]) }, new Uint8Array(8));
    expect(outcomeOf(file)).toBe('CORRUPT');
  });
});

describe('the checksum of a blob', () => {
  it('stands at a fixed place and is XXH64 of the file with zeros in its place', () => {
    const file = blobOf('k', { a: 1 });
    expect(readSeal(file)).toBe(strictlyRead(file).metadata.checksum);
    expect(readSeal(file.subarray(0, SEAL_END))).toBe(readSeal(file));
    expect(readSeal(file.subarray(0, SEAL_END - 1))).toBeUndefined();
    const zeroed = Buffer.from(file);
    zeroed.write('0'.repeat(16), SEAL_END - 16, 'latin1');
    expect(readSeal(file)).toBe(checksumOf([zeroed]));
  });
});

/** Ten lines that read any blob, with nothing but numpy. */
const NUMPY_READER = `
import json, struct, sys, numpy as np
DTYPES = dict(F64='<f8', F32='<f4', I64='<i8', I32='<i4', I16='<i2', I8='<i1',
              U64='<u8', U32='<u4', U16='<u2', U8='<u1', BOOL='|b1')
def read(path):
    raw = open(path, 'rb').read()
    n = struct.unpack('<Q', raw[:8])[0]
    header = json.loads(raw[8:8 + n])
    metadata = header.pop('__metadata__', {})
    return metadata, {name: np.frombuffer(raw[8 + n:][t['data_offsets'][0]:t['data_offsets'][1]],
                      DTYPES[t['dtype']]).reshape(t['shape']) for name, t in header.items()}
metadata, arrays = read(sys.argv[1])
print(json.dumps({'metadata': metadata, 'arrays': {name: [str(a.dtype), list(a.shape), a.tobytes().hex()]
      for name, a in arrays.items()}}))
`;

/** A Python that has numpy: the first in the path, or else Debian's. */
const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import numpy']).status === 0,
);

describe('numpy', () => {
  if (python === undefined) console.log('skipped: reading blobs with numpy (no python3 that has numpy)');

  it.skipIf(python === undefined)('reads the same bits', () => {
    const path = join(temporaryDirectory(), 'blob.safetensors');
    const ask = (file: Buffer) => {
      writeFileSync(path, file);
      const { stdout, stderr } = spawnSync(python!, ['-c', NUMPY_READER, path], {
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      return JSON.parse(stdout) as { metadata: Record<string, string>; arrays: Record<string, unknown[]> };
    };
    const hex = (array: unknown) => {
      const { buffer, byteOffset, byteLength } = array as Uint8Array;
      return Buffer.from(buffer, byteOffset, byteLength).toString('hex');
    };

    const data = sampleLightCurve(40, { provenance: fullProvenance });
    const curve = ask(blobOf(DATA_REF, data));
    expect(curve.arrays).toEqual({
      time: ['float64', [40], hex(data.time)],
      flux: ['float64', [40], hex(data.flux)],
      flux_err: ['float64', [40], hex(data.fluxErr)],
      quality: ['int32', [40], hex(data.quality)],
      valid_mask: ['bool', [40], hex(data.validMask)],
    });
    expect(curve.metadata).toMatchObject({ key: DATA_REF, tic_id: '25155310', time_format: 'btjd' });

    const value = {
      'größe/☉': new Float32Array([-0, NaN, 1e-45]),
      counts: [new BigInt64Array([-1n, 2n ** 63n - 1n]), new Uint16Array(), new Uint8Array([0, 255])],
    };
    expect(ask(blobOf('k', value)).arrays).toEqual({
      'größe~1☉': ['float32', [3], hex(value['größe/☉'])],
      'counts/0': ['int64', [2], hex(value.counts[0])],
      'counts/1': ['uint16', [0], ''],
      'counts/2': ['uint8', [2], '00ff'],
    });
  });
});
