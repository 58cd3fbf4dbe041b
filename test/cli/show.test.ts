import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PersistentCache } from '../../src/disk/persistent-cache.js';
import { TIC } from '../fits/fixtures.js';
import { DATA_REF, fullProvenance, sampleLightCurve } from '../support/light-curves.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { SPOC_KEY, cacheWithSpoc, tessCache, tessCacheJson } from './support.js';

async function showing(key: string, value: unknown) {
  const dir = temporaryDirectory();
  await new PersistentCache({ dir: join(dir, 'cache') }).put(key, value);
  const { code, json } = tessCacheJson(dir, '--cache-dir', 'cache', 'show', key);
  const { stdout, stderr } = tessCache(dir, ['--cache-dir', 'cache', 'show', key]);
  return { code, json, stdout, stderr };
}

describe('show', () => {
  it('has the metadata, the provenance and the numbers of a light curve', async () => {
    const data = sampleLightCurve(16, { provenance: fullProvenance });
    const { code, json, stdout, stderr } = await showing(DATA_REF, data);
    expect([code, stderr]).toEqual([0, '']);
    expect(json).toMatchObject({
      metadata: { key: DATA_REF, kind: 'lightcurve', tic_id: 25155310, sector: 1, time_format: 'btjd' },
      summary: {
        n_points: 16,
        n_valid: 14,
        duration_days: data.durationDays,
        median_flux: data.medianFlux,
        flux_std: data.fluxStd,
        gap_fraction: 0.125,
        cadence_seconds: data.cadenceSeconds,
        quality_flags_present: [-2147483648, 0, 128],
      },
      provenance: {
        source_sha256: fullProvenance.sourceSha256,
        median_raw_flux: 9247.26025390625,
        headers: { LIGHTCURVE: { HUGE: '123456789012345678901', INHERIT: true }, '0': { TESSMAG: null } },
      },
    });
    expect(stdout).toContain('TIC 25155310, sector 1, camera 4, CCD 1');
    expect(stdout).toContain('spoc, pdcsap, 120 s, version spoc-3.3.57-20190215');
    expect(stdout).toContain('BTJD, days');
    expect(stdout).toMatch(/[\u2801-\u28ff]/);
  });

  it.each([
    ['no points', sampleLightCurve(0)],
    ['one point', sampleLightCurve(1)],
    ['no valid point', sampleLightCurve(8, { validMask: new Uint8Array(8) })],
    ['NaN alone', sampleLightCurve(8, { flux: new Float64Array(8).fill(NaN), cadenceSeconds: NaN })],
  ])('shows a light curve of %s', async (what, data) => {
    const { code, json, stdout } = await showing(DATA_REF, data);
    expect(code).toBe(0);
    const { summary } = json as { summary: Record<string, unknown> };
    const isEmpty = what !== 'one point';
    expect(summary.median_flux).toBe(isEmpty ? null : 1);
    expect(stdout.includes('no valid points to plot')).toBe(isEmpty);
  });

  it('shows what is in another value', async () => {
    const { code, json, stdout } = await showing('bls:5', { power: Float64Array.of(1, 2, NaN), name: 'x' });
    expect(code).toBe(0);
    expect(json).toMatchObject({
      metadata: { key: 'bls:5', kind: 'value' },
      summary: {
        type: 'object',
        properties: {
          power: { type: 'Float64Array', length: 3, min: 1, max: 2, not_finite: 1 },
          name: { type: 'string', value: 'x' },
        },
      },
    });
    expect(stdout).toContain('  power: Float64Array(3), 1 to 2, 1 not finite');
  });

  it('names the nearest where there is none', () => {
    const dir = temporaryDirectory();
    cacheWithSpoc(dir);
    const missing = `lc:${TIC}:2:pdcsap`;
    const { code, stdout, stderr } = tessCache(dir, ['--cache-dir', 'cache', 'show', missing]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`there is no entry "${missing}"`);
    expect(stderr).toMatch(new RegExp(`^  ${SPOC_KEY}  .*sector 1, not 2`, 'm'));
    for (const key of [missing, String(TIC), `TIC ${TIC}`]) {
      expect(tessCacheJson(dir, '--cache-dir', 'cache', 'show', key)).toMatchObject({
        code: 1,
        json: { error: { code: 'NOT_FOUND', key, nearest: [{ key: SPOC_KEY }] } },
      });
    }
  });

  it('says what to do about an entry that is damaged, and leaves it', () => {
    const dir = temporaryDirectory();
    const cache = cacheWithSpoc(dir);
    const [name] = readdirSync(join(cache, 'data'), { recursive: true, encoding: 'utf8' }).filter((each) =>
      each.endsWith('.safetensors'),
    );
    const path = join(cache, 'data', name);
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(path, bytes);
    const { code, stderr } = tessCache(dir, ['--cache-dir', 'cache', 'show', SPOC_KEY]);
    expect(code).toBe(1);
    expect(stderr).toContain("can't be used (corrupt)");
    expect(stderr).toContain('tess-cache verify --repair');
    expect(
      tessCacheJson(dir, '--cache-dir', 'cache', 'export', SPOC_KEY, '-o', 'x.safetensors'),
    ).toMatchObject({
      code: 1,
      json: { error: { code: 'CORRUPT', reason: 'corrupt' } },
    });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });
});
