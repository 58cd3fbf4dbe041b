import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, describe, expect, it } from 'vitest';
import { readLightCurve } from '../../src/fits/read-light-curve.js';
import type { ReadOptions } from '../../src/fits/read-options.js';
import { BTJD_CARDS, ROWS, TIC, column, fileOf, spoc, times } from './fixtures.js';

const scratch = mkdtempSync(join(tmpdir(), 'tess-cache-fits-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

function written(name: string, bytes: Uint8Array): string {
  const path = join(scratch, name);
  writeFileSync(path, bytes);
  return path;
}

describe('the provenance', () => {
  it('says where the light curve comes from and what was done', () => {
    const name = 'tess2018206045859-s0001-0000000261136679-0120-s_lc.fits';
    const bytes = spoc();
    const data = readLightCurve(written(name, bytes), {
      requestedExptimeSeconds: 120,
      selectionReason: 'the only one',
    });
    const { headers, ...rest } = data.provenance!;
    expect(rest).toEqual({
      sourceFile: name,
      sourceSha256: createHash('sha256').update(bytes).digest('hex'),
      author: 'spoc',
      exptimeSeconds: 120,
      requestedExptimeSeconds: 120,
      fluxType: 'pdcsap',
      fluxUnit: 'e-/s',
      qualityMask: 431,
      normalized: true,
      medianRawFlux: data.provenance!.medianRawFlux,
      fluxErrKind: 'reported',
      raDeg: 84.25,
      decDeg: -80.5,
      tessMag: 5.5,
      camera: 4,
      ccd: 2,
      pipelineVersion: 'spoc-5.0.10-20200904',
      selectionReason: 'the only one',
    });
    expect(headers!.primary).toMatchObject({ SIMPLE: true, TICID: TIC, ORIGIN: 'NASA/Ames' });
    expect(headers!.light_curve).toMatchObject({ EXTNAME: 'LIGHTCURVE', EXPOSURE: 22.08, NAXIS2: ROWS });
  });

  it('is the same however often it is asked for, whatever becomes of the options', () => {
    const options: { -readonly [K in keyof ReadOptions]: ReadOptions[K] } = { selectionReason: 'first' };
    const data = readLightCurve(spoc(), options);
    options.selectionReason = 'second';
    expect(data.provenance!.selectionReason).toBe('first');
    expect(data.provenance).toBe(data.provenance);
  });

  it('notes a checksum that does not agree, and goes on', () => {
    const bytes = spoc();
    // A bit of the first time's last byte.
    bytes[2880 * 2 + 7] ^= 1;
    expect(readLightCurve(bytes).provenance!.notes).toContain(
      'HDU 1 (LIGHTCURVE): CHECKSUM does not agree with its bytes',
    );
  });

  it('notes what follows the last HDU, and filling that is missing', () => {
    const bytes = spoc();
    expect(readLightCurve(Buffer.concat([bytes, Buffer.alloc(100)])).provenance!.notes).toContain(
      '100 bytes follow the last HDU',
    );
    const alone = fileOf({
      primary: [
        ['ORIGIN', 'NASA/Ames'],
        ['TELESCOP', 'TESS'],
        ['TICID', 1],
        ['SECTOR', 1],
      ],
      columns: ['TIME', 'SAP_FLUX', 'PDCSAP_FLUX', 'QUALITY'].map((name) =>
        column(name, 'D', name === 'TIME' ? times(120) : new Float64Array(ROWS)),
      ),
      table: BTJD_CARDS,
    });
    const cut = alone.subarray(0, alone.length - 1);
    expect(readLightCurve(cut).provenance!.notes![0]).toMatch(/^HDU 1: 1 bytes of filling are missing/);
  });

  it('takes the nominal exposure time from the measured cadence', () => {
    for (const seconds of [20, 120, 200, 600, 1800, 47.3]) {
      expect(readLightCurve(spoc(seconds * 1.0001)).provenance!.exptimeSeconds).toBe(seconds);
    }
  });

  it('does not keep the bytes of the file in memory', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    let bytes: Uint8Array | undefined = spoc();
    const gone = new WeakRef(bytes.buffer);
    const data = readLightCurve(bytes);
    bytes = undefined;
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(gone.deref()).toBeUndefined();
    expect(data.provenance!.headers!.primary.TICID).toBe(TIC);
  });
});
