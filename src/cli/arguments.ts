/** What stands on the command line as numbers: checked, or refused as wrong usage. */
import { InvalidArgumentError } from 'commander';

const SIZE = /^([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)$/i;
/** In lower case. A bare `k` or `G` is refused: to some it is 1000, to others 1024. */
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

export function path(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('It takes a path.');
}

/** Bytes of `1500`, `500MB`, `1.5GiB`. */
export function size(text: string): number {
  const [, digits, unit] = SIZE.exec(text) ?? [];
  const bytes = Math.round(
    Number(digits) * (Object.hasOwn(UNITS, unit?.toLowerCase() ?? '?') ? UNITS[unit.toLowerCase()] : NaN),
  );
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new InvalidArgumentError(
    'It takes a number of bytes, or one with kB, MB, GB, TB, KiB, MiB, GiB or TiB.',
  );
}

/** 1, 2, 3, ... */
export function positiveInteger(text: string): number {
  const value = /^[0-9]+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It takes a positive integer.');
}

/** A set of bits below 2^32: `431`, `0x1af`. */
export function bitMask(text: string): number {
  const value = /^([0-9]+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : NaN;
  if (value >>> 0 === value) return value;
  throw new InvalidArgumentError('It takes an integer of 32 bits, decimal or hexadecimal (0x1af).');
}

const DURATION = /^([0-9]+(?:\.[0-9]+)?)(s|min|h|d)$/;
const SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600, d: 86_400 };

/** Seconds of `90s`, `30min`, `12h`, `7d`. */
export function duration(text: string): number {
  const [, digits, unit] = DURATION.exec(text) ?? [];
  const seconds = unit === undefined ? NaN : Number(digits) * SECONDS[unit];
  if (seconds > 0) return seconds;
  throw new InvalidArgumentError('It takes a time like 90s, 30min, 12h or 7d.');
}
