/** The guard of every put: a key that is a data ref takes only the light curve that it names. */
import { TessCacheError, describe } from '../errors.js';
import { parseDataRef } from '../ref/data-ref.js';
import { exposureAgrees } from './exposure.js';
import { LightCurveData } from './light-curve-data.js';

/**
 * BTJD of a TESS observation is below 20000 until the year 2069; a JD (2.4 million) or an MJD (58,000 and
 * more since the launch) is above it.
 */
export const BTJD_LIMIT = 20_000;

/**
 * @throws TessCacheError WRONG_LIGHT_CURVE where `key` is a data ref and `value` is not what it names,
 *   NOT_BTJD where `value` is a light curve whose times can't be BTJD
 */
export function checkBelongs(key: string, value: unknown): void {
  const isLightCurve = value instanceof LightCurveData;
  if (isLightCurve) checkTimes(key, value);
  const ref = parseDataRef(key);
  if (ref === undefined) return;
  if (!isLightCurve) throw wrong(key, 'value', 'a LightCurveData', describe(value));

  const { provenance, cadenceSeconds } = value;
  const declared: readonly (readonly [string, string | number, string | number | undefined])[] = [
    ['ticId', ref.ticId, value.ticId],
    ['sector', ref.sector, value.sector],
    ['fluxType', ref.fluxType, lowerCase(provenance?.fluxType)],
    ['author', ref.author, lowerCase(provenance?.author)],
    ['exptimeSeconds', ref.exptimeSeconds, provenance?.exptimeSeconds],
  ];
  for (const [field, expected, found] of declared) {
    if (found !== undefined && found !== expected) throw wrong(key, field, String(expected), String(found));
  }
  if (Number.isFinite(cadenceSeconds) && !exposureAgrees(cadenceSeconds, ref.exptimeSeconds)) {
    throw wrong(key, 'cadenceSeconds', `about ${ref.exptimeSeconds} s`, `${cadenceSeconds} s`);
  }
}

/** What is no text (a JavaScript caller's) stays as it is, and differs from any. */
function lowerCase<T>(text: T): T | string {
  return typeof text === 'string' ? text.toLowerCase() : text;
}

function checkTimes(key: string, { time }: LightCurveData): void {
  for (let i = 0; i < time.length; i++) {
    if (!(time[i] >= BTJD_LIMIT)) continue;
    const expected = `BTJD days below ${BTJD_LIMIT} (BJD minus 2457000)`;
    const found = `${time[i]} at row ${i}`;
    throw new TessCacheError('NOT_BTJD', `${describe(key)}: time must be ${expected}, got ${found}`, {
      key,
      field: 'time',
      expected,
      found,
    });
  }
}

function wrong(key: string, field: string, expected: string, found: string): TessCacheError {
  return new TessCacheError(
    'WRONG_LIGHT_CURVE',
    `${describe(key)} does not name this value: ${field} should be ${expected}, is ${found}`,
    { key, field, expected, found },
  );
}
