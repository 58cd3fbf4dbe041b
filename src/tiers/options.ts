/** The options of a cache with two tiers. */
import { TessCacheError, describe } from '../errors.js';
import type { PersistentCacheOptions } from '../disk/options.js';
import type { SessionCacheOptions } from '../session/session-cache.js';

/**
 * - `normal`
 * - `offline`: never call a loader; what can be computed from what is there is computed
 * - `refresh`: always call loaders and computations, and store what they give
 * - `readOnly`: write nothing to disk
 * - `disabled`: read and write nothing, call always; values are kept in memory only to be inputs
 */
export type CacheMode = 'normal' | 'offline' | 'refresh' | 'readOnly' | 'disabled';

const MODES: readonly unknown[] = [
  'normal',
  'offline',
  'refresh',
  'readOnly',
  'disabled',
] satisfies CacheMode[];

export interface OpenCacheOptions extends PersistentCacheOptions {
  /** Namespace in the cache in memory, see SessionCache. */
  readonly sessionId: string;
  /** `normal` by default, or `readOnly` with that option. */
  readonly mode?: CacheMode;
  /** Limits in memory. */
  readonly memory?: SessionCacheOptions;
}

/**
 * The mode, and whether the disk may be written to.
 *
 * @throws TessCacheError BAD_ARGUMENT
 */
export function resolveMode(options: OpenCacheOptions): { mode: CacheMode; readOnly: boolean } {
  if (typeof options !== 'object' || options === null) throw bad('options', 'an object', options);
  const { mode = options.readOnly === true ? 'readOnly' : 'normal' } = options;
  if (!MODES.includes(mode)) throw bad('mode', `one of ${MODES.join(', ')}`, mode);
  return { mode, readOnly: options.readOnly === true || mode === 'readOnly' || mode === 'disabled' };
}

function bad(field: string, expected: string, value: unknown): TessCacheError {
  const found = describe(value);
  const message = `openCache: ${field} must be ${expected}, got ${found}`;
  return new TessCacheError('BAD_ARGUMENT', message, { field, expected, found });
}
