/** Errors as the command line tells them. */
import { TessCacheError } from '../errors.js';

export interface ErrorRecord {
  /** A TessCacheErrorCode, `USAGE` or `INTERNAL`. */
  readonly code: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** A failure of a command for which there is more to say than an error holds. */
export class CommandFailure extends Error {
  /** @param hint lines for people: what to do */
  constructor(
    readonly record: ErrorRecord,
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(record.message, options);
  }
}

/** An error as JSON shows it. */
export function errorRecord(error: unknown): ErrorRecord {
  if (error instanceof CommandFailure) return error.record;
  if (!(error instanceof TessCacheError)) {
    return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) };
  }
  const { code, message, expected, found, field, key, path } = error;
  return { code, message, expected, found, field, key, path };
}
