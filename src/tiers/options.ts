/** The options of a cache with two tiers. */
import { TessCacheError, describe } from '../errors.js';
import type { PersistentCacheOptions } from '../disk/options.js';
import type { SessionCacheOptions } from '../session/session-cache.js';

/**
 * `normal`; `offline`: never call a loader or a computation; `refresh`: always call them, and store what they
 * give; `read-only`: write nothing to disk; `disabled`: read and write nothing, call always.
 */
export type CacheMode = 'normal' | 'offline' | 'refresh' | 'read-only' | 'disabled';

const MODES: readonly CacheMode[] = ['normal', 'offline', 'refresh', 'read-only', 'disabled'];

export interface OpenCacheOptions extends PersistentCacheOptions {
  /** Namespace in the cache in memory, see SessionCache. */
  readonly sessionId: string;
  readonly mode?: CacheMode;
  /** Limits in memory. */
  readonly memory?: SessionCacheOptions;
}

/** @throws TessCacheError BAD_ARGUMENT */
export function resolveMode({ mode, readOnly }: OpenCacheOptions): CacheMode {
  const resolved = mode ?? (readOnly === true ? 'read-only' : 'normal');
  if (!MODES.includes(resolved)) {
    throw new TessCacheError(
      'BAD_ARGUMENT',
      `mode must be one of ${MODES.join(', ')}, got ${describe(mode)}`,
      {
        field: 'mode',
        expected: MODES.join(', '),
        found: describe(mode),
      },
    );
  }
  return resolved;
}
