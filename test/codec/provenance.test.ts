import { describe, expect, it } from 'vitest';
import { decodeProvenance, encodeProvenance } from '../../src/codec/provenance.js';
import { encodeLightCurve } from '../../src/codec/light-curve.js';
import type { LightCurveProvenance } from '../../src/light-curve/provenance.js';
import { errorOf } from '../support/errors.js';
import { firstDifference } from '../support/identical.js';
import { fullProvenance, sampleLightCurve } from '../support/light-curves.js';

describe('a provenance', () => {
  it('comes back field by field: bigint and NaN header values, null, -0, text', () => {
    expect(
      firstDifference(decodeProvenance(encodeProvenance(fullProvenance)), fullProvenance),
    ).toBeUndefined();
    expect(decodeProvenance(encodeProvenance({}))).toEqual({});
  });

  it('is JSON in snake_case that other languages can read', () => {
    const record = JSON.parse(encodeProvenance(fullProvenance)) as Record<string, unknown>;
    expect(record).toMatchObject({
      source_file: fullProvenance.sourceFile,
      median_raw_flux: 9247.26025390625,
    });
    expect(Object.keys(record).filter((name) => !/^[a-z0-9_]+$/.test(name))).toEqual([]);
  });

  it('leaves out what is undefined', () => {
    expect(encodeProvenance({ author: 'spoc', camera: undefined })).toBe('{"author":"spoc"}');
  });

  it.each([
    ['a field that no provenance has', { authors: 'spoc' }, 'provenance.authors'],
    ['an array of numbers', { notes: [new Float64Array(1)] }, 'provenance.notes/0'],
  ])('refuses %s', async (_what, provenance, field) => {
    const error = await errorOf(() => encodeProvenance(provenance as unknown as LightCurveProvenance));
    expect(error).toMatchObject({ code: 'UNSUPPORTED_VALUE', field });
  });

  it.each([
    ['an author that is no text', { author: 5 }, 'provenance.author'],
    ['a flux type that is no text', { fluxType: ['pdcsap'] }, 'provenance.fluxType'],
    ['an exposure time that is no number', { exptimeSeconds: '120' }, 'provenance.exptimeSeconds'],
    ['null for a provenance', null, 'provenance'],
    ['text for a provenance', 'spoc', 'provenance'],
  ])('refuses %s, which could not be read back', async (_what, provenance, field) => {
    const data = sampleLightCurve(1, { provenance: provenance as unknown as LightCurveProvenance });
    expect(await errorOf(() => encodeLightCurve(data))).toMatchObject({ code: 'UNSUPPORTED_VALUE', field });
  });
});

describe('a provenance that breaks its grammar', () => {
  it.each(['', 'null', '1', '[]', '["array"]', '["undefined"]'])('is CORRUPT: %s', async (json) => {
    expect((await errorOf(() => decodeProvenance(json))).code).toBe('CORRUPT');
  });
});
