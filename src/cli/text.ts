/** Numbers, sizes and times as people read them. */

const SIZE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const AGES: readonly (readonly [unit: string, seconds: number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
];
/** Beyond it a date says more than an age. */
const OLDEST_AGE_SECONDS = 100 * 86_400;

/** In decimal units, as `ls --si` prints them: `582 kB`, `1.7 GB`. */
export function formatSize(bytes: number): string {
  let unit = 0;
  let size = bytes;
  while (size >= 999.5 && unit < SIZE_UNITS.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit > 0 && size < 9.95 ? size.toFixed(1) : size.toFixed(0)} ${SIZE_UNITS[unit]}`;
}

/** How long ago a time was: `now`, `3 min ago`, or its date. Both in seconds since the epoch. */
export function formatAge(time: number, now: number): string {
  const age = now - time;
  if (age < 60) return 'now';
  if (age > OLDEST_AGE_SECONDS) return formatTime(time).slice(0, 10);
  const [unit, seconds] = AGES.find(([, length]) => age >= length)!;
  return `${Math.floor(age / seconds)} ${unit} ago`;
}

/** UTC, to the second: `2026-11-22 10:04:05Z`. */
export function formatTime(seconds: number): string {
  const iso = new Date(seconds * 1000).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}Z`;
}

/** At most `digits` significant digits, without superfluous zeros. */
export function formatNumber(value: number, digits = 6): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : String(value);
}

/** `1 entry`, `3 entries`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/**
 * Text that may hold anything, as one line that can't steer a terminal: control characters, line separators and
 * marks that turn the direction of writing are escaped.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Columns that `text` takes on a terminal; East Asian characters and pictures take two. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += isWide(character.codePointAt(0)!) ? 2 : 1;
  return width;
}

function isWide(codePoint: number): boolean {
  return (
    codePoint >= 0x1100 &&
    (codePoint <= 0x115f ||
      (codePoint >= 0x2e80 && codePoint <= 0xa4cf) ||
      (codePoint >= 0xac00 && codePoint <= 0xd7a3) ||
      (codePoint >= 0xf900 && codePoint <= 0xfaff) ||
      (codePoint >= 0xfe30 && codePoint <= 0xfe6f) ||
      (codePoint >= 0xff00 && codePoint <= 0xff60) ||
      (codePoint >= 0x1f300 && codePoint <= 0x1faff) ||
      (codePoint >= 0x20000 && codePoint <= 0x3fffd))
  );
}

/** The start of `text` that fits into `width` columns, with an ellipsis where something is missing. */
export function shorten(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let shortened = '';
  let left = width - 1;
  for (const character of text) {
    left -= displayWidth(character);
    if (left < 0) break;
    shortened += character;
  }
  return `${shortened}…`;
}

/** The end of `text` that fits into `width` columns: of a path it says most. */
export function shortenStart(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  const characters = Array.from(text);
  let left = width - 1;
  let start = characters.length;
  while (start > 0 && left >= displayWidth(characters[start - 1])) left -= displayWidth(characters[--start]);
  return `…${characters.slice(start).join('')}`;
}
