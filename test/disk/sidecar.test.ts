import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntryMetadata } from '../../src/disk/entry-metadata.js';
import {
  SIDECAR_START_BYTES,
  TIME_AT,
  decodeSidecar,
  encodeSidecar,
  encodeTime,
  readSidecarStart,
} from '../../src/disk/sidecar.js';

const sample: EntryMetadata = {
  key: 'lc:25155310:1:pdcsap',
  kind: 'lightcurve',
  createdAt: 1_790_000_000.125,
  accessedAt: 1_790_000_001.25,
  bytes: 1234,
  sha256: 'ab'.repeat(32),
  checksum: 'xxh64:0123456789abcdef',
  ticId: 25155310,
  sector: 1,
  cadenceSeconds: 120.00050536807976,
  fluxType: 'pdcsap',
  author: 'spoc',
  exptimeSeconds: 120,
  timeFormat: 'btjd',
  timeScale: 'tdb',
};

/** A sidecar with this text after the check, and a right check. */
function withRest(rest: string, time = '1790000001.250000'): Buffer {
  const check = crc32(Buffer.from(rest)).toString(16).padStart(8, '0');
  return Buffer.from(`{"accessed_at":${time.padStart(20)},"check":"crc32:${check}",${rest}`);
}

describe('a sidecar', () => {
  it('is one line of JSON with the fields of the contract', () => {
    const text = encodeSidecar(sample).toString('utf8');
    expect(text.endsWith('}\n')).toBe(true);
    expect(text.trimEnd()).not.toContain('\n');
    expect(JSON.parse(text)).toEqual({
      accessed_at: 1790000001.25,
      check: expect.stringMatching(/^crc32:[0-9a-f]{8}$/) as string,
      checksum: 'xxh64:0123456789abcdef',
      key: 'lc:25155310:1:pdcsap',
      kind: 'lightcurve',
      created_at: 1790000000.125,
      bytes: 1234,
      sha256: 'ab'.repeat(32),
      tic_id: 25155310,
      sector: 1,
      cadence_seconds: 120.00050536807976,
      flux_type: 'pdcsap',
      author: 'spoc',
      exptime_seconds: 120,
      time_format: 'btjd',
      time_scale: 'tdb',
    });
  });

  it('comes back, whatever the key and the times', () => {
    const metadata = fc.record({
      key: fc.string({ unit: 'grapheme', minLength: 1 }),
      kind: fc.constantFrom('lightcurve' as const, 'value' as const),
      createdAt: fc.double({ min: 0, max: 2 ** 32, noNaN: true }),
      accessedAt: fc.integer({ min: 0, max: 2 ** 32 }),
      bytes: fc.nat(),
    });
    fc.assert(
      fc.property(metadata, (given) => {
        const full = { ...sample, ...given };
        expect(decodeSidecar(encodeSidecar(full))).toEqual(full);
      }),
    );
  });

  it('has its time at a fixed place and of a fixed width, so that it can be written over', () => {
    for (const [accessedAt, seconds] of [
      [0, 1],
      [1_790_000_001.25, 1_790_000_002.5],
      [9_999_999_999_999, 0],
    ]) {
      const bytes = encodeSidecar({ ...sample, accessedAt });
      encodeTime(seconds).copy(bytes, TIME_AT);
      expect(decodeSidecar(bytes)).toEqual({ ...sample, accessedAt: seconds });
      expect(bytes).toHaveLength(encodeSidecar(sample).length);
      expect(readSidecarStart(bytes.subarray(0, SIDECAR_START_BYTES))).toEqual({
        accessedAt: seconds,
        checksum: sample.checksum,
      });
    }
  });

  it('takes times that no clock should give', () => {
    for (const [given, back] of [
      [-5, 0],
      [NaN, 0],
      [1e300, 9_999_999_999_999],
    ]) {
      expect(decodeSidecar(encodeSidecar({ ...sample, accessedAt: given }))?.accessedAt).toBe(back);
    }
  });

  it('is not believed after any bit of it has flipped, but for those of the time', () => {
    const sound = encodeSidecar(sample);
    const timeEnd = TIME_AT + encodeTime(0).length;
    for (let bit = 0; bit < sound.length * 8; bit++) {
      const flipped = Buffer.from(sound);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      const decoded = decodeSidecar(flipped);
      if (bit >> 3 < TIME_AT || bit >> 3 >= timeEnd) expect(decoded, `bit ${bit}`).toBeUndefined();
      else if (decoded !== undefined)
        expect({ ...decoded, accessedAt: 0 }).toEqual({ ...sample, accessedAt: 0 });
    }
  });

  it('is not believed after it was cut or prolonged', () => {
    const sound = encodeSidecar(sample);
    for (let length = 0; length < sound.length; length++) {
      expect(decodeSidecar(sound.subarray(0, length)), `${length} bytes`).toBeUndefined();
    }
    expect(decodeSidecar(Buffer.concat([sound, Buffer.from(' ')]))).toBeUndefined();
  });

  const fields = {
    checksum: 'xxh64:0123456789abcdef',
    key: 'k',
    kind: 'value',
    created_at: 1,
    bytes: 2,
    sha256: 'ab',
  };
  it.each([
    ['no JSON', '"checksum":"xxh64:0123456789abcdef",x}'],
    ['no key', JSON.stringify({ ...fields, key: undefined }).slice(1)],
    ['a key that is no text', JSON.stringify({ ...fields, key: 5 }).slice(1)],
    ['an unknown kind', JSON.stringify({ ...fields, kind: 'constructor' }).slice(1)],
    ['bytes that are text', JSON.stringify({ ...fields, bytes: '2' }).slice(1)],
    ['no bytes', JSON.stringify({ ...fields, bytes: null }).slice(1)],
    ['no time of creation', JSON.stringify({ ...fields, created_at: null }).slice(1)],
    ['a checksum that is a list', JSON.stringify({ ...fields, sha256: [] }).slice(1)],
    ['a TIC id that is text', JSON.stringify({ ...fields, tic_id: '5' }).slice(1)],
    ['an author that is a number', JSON.stringify({ ...fields, author: 5 }).slice(1)],
    ['a lineage that is text', JSON.stringify({ ...fields, lineage: 'x' }).slice(1)],
  ])('is not believed with a right check and %s', (_what, rest) => {
    expect(decodeSidecar(withRest(JSON.stringify(fields).slice(1)))).toMatchObject({ key: 'k', bytes: 2 });
    expect(decodeSidecar(withRest(rest))).toBeUndefined();
  });

  it('takes fields that a later version may add', () => {
    const rest = JSON.stringify({ ...fields, colour: 'red' }).slice(1);
    expect(decodeSidecar(withRest(rest))).toEqual(decodeSidecar(withRest(JSON.stringify(fields).slice(1))));
  });

  it('pollutes no prototype', () => {
    const rest = `${JSON.stringify(fields).slice(1, -1)},"__proto__":{"sector":9}}`;
    expect(decodeSidecar(withRest(rest))?.sector).toBeUndefined();
  });

  it('is nothing, whatever other bytes it has', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeSidecar(Buffer.from(bytes))).toBeUndefined();
        expect(readSidecarStart(Buffer.from(bytes))).toBeUndefined();
      }),
    );
  });
});
