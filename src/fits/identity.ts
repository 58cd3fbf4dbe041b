/** Which star and which sector a light curve is of: what the file says, and what only the caller knows. */
import { TessCacheError, describe } from '../errors.js';
import type { HeaderValue } from '../light-curve/provenance.js';
import type { Header } from './header.js';

const ID_TEXT = /^(?:TIC\s*)?([0-9]+)$/i;

export interface IdentityQuery {
  /** `TIC id` or `sector`, for messages. */
  readonly what: string;
  /** The option of `readLightCurve` that states it. */
  readonly option: 'ticId' | 'sector';
  /** Key words of which the first that has a value counts. */
  readonly keywords: readonly string[];
  /** What the caller says. */
  readonly given?: number;
}

/**
 * The id in the first of `headers` that has one; the caller's where none has. An id of 0, an undefined card
 * and one beyond 2^53 name nothing.
 *
 * @throws TessCacheError WRONG_LIGHT_CURVE where file and caller disagree, FITS_NO_IDENTITY where neither
 *   says
 */
export function identify(headers: readonly Header[], query: IdentityQuery): number {
  const { what, option, keywords, given } = query;
  const values = keywords.flatMap((keyword) => headers.map((header) => header.get(keyword)));
  const stated = values.map(idOf).find((id) => id !== undefined);
  if (stated === undefined && given === undefined) {
    const found = values.find((value) => value !== undefined && value !== null);
    throw new TessCacheError('FITS_NO_IDENTITY', `the file has no ${what}: pass the option ${option}`, {
      field: option,
      expected: `a positive integer in ${keywords.join(' or ')}`,
      found: found === undefined ? 'none' : describe(found),
    });
  }
  if (stated !== undefined && given !== undefined && stated !== given) {
    const message = `the file's ${what} is ${stated}, not the ${given} of the option ${option}`;
    throw new TessCacheError('WRONG_LIGHT_CURVE', message, {
      field: option,
      expected: String(given),
      found: String(stated),
    });
  }
  return (stated ?? given)!;
}

function idOf(value: HeaderValue | undefined): number | undefined {
  const id = typeof value === 'string' ? Number(ID_TEXT.exec(value.trim())?.[1]) : value;
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : undefined;
}
