/** Where a command's words go: its result to standard output, everything else to standard error. */
import type { ErrorRecord } from './failure.js';
import { printable } from './text.js';

export class Output {
  /** @param isJson whether the result is one JSON document */
  constructor(readonly isJson: boolean) {}

  /** The one result of a command: `document` as JSON, or `text` for people, made only where it is wanted. */
  result(document: unknown, text: () => string): void {
    process.stdout.write(this.isJson ? toJson(document) : endLine(text()));
  }

  /** Lines that go with the text of a result, and would only be in the way of JSON. */
  note(text: string): void {
    if (!this.isJson) this.message(text);
  }

  /** Lines for people beside the result. */
  message(text: string): void {
    process.stderr.write(endLine(text));
  }

  /** Why there is no result. `hint` is for people alone. */
  error(error: ErrorRecord, hint = ''): void {
    this.message(`tess-cache: ${printable(error.message)}`);
    this.message(hint);
    if (this.isJson) process.stdout.write(toJson({ error }));
  }
}

/** JSON has neither NaN nor integers beyond 2^53: null, and the digits as a string. */
function toJson(document: unknown): string {
  const text = JSON.stringify(
    document,
    (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    2,
  );
  return `${text}\n`;
}

function endLine(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
