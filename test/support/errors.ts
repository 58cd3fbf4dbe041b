import { TessCacheError } from '../../src/errors.js';

/** The TessCacheError that `action` throws or rejects with; any other outcome fails the test. */
export async function errorOf(action: () => unknown): Promise<TessCacheError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof TessCacheError) return error;
    throw error;
  }
  throw new Error('expected a TessCacheError, but nothing was thrown');
}

/** Its code. */
export async function codeOf(action: () => unknown): Promise<string> {
  return (await errorOf(action)).code;
}
