import { describe, expect, it } from 'vitest';
import {
  count,
  displayWidth,
  formatAge,
  formatNumber,
  formatSize,
  formatTime,
  printable,
  shorten,
  shortenStart,
} from '../../src/cli/text.js';

describe('numbers, sizes and times', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [8920, '8.9 kB'],
    [9960, '10 kB'],
    [588_128, '588 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [4 * 2 ** 30, '4.3 GB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  it.each([
    [1_000_000, 'now'],
    [1_000_030, 'now'],
    [1_000_000 - 59, 'now'],
    [1_000_000 - 60, '1 min ago'],
    [1_000_000 - 3600, '1 h ago'],
    [1_000_000 - 86_400 * 3.5, '3 d ago'],
    [-20_000_000, '1969-05-14'],
  ])('a time of %d at 1000000 is %s', (time, text) => {
    expect(formatAge(time, 1_000_000)).toBe(text);
  });

  it('prints times in UTC', () => {
    expect(formatTime(1_700_000_000.9)).toBe('2023-11-14 22:13:20Z');
  });

  it.each([
    [120.00050536807976, '120.001'],
    [1, '1'],
    [9247.26025390625, '9247.26'],
    [1.5e-9, '1.5e-9'],
    [NaN, 'NaN'],
  ])('prints %d as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it('tells one from many', () => {
    expect([0, 1, 2].map((number) => count(number, 'entry', 'entries'))).toEqual([
      '0 entries',
      '1 entry',
      '2 entries',
    ]);
  });
});

describe('text of any content', () => {
  it('is printed on one line and steers no terminal', () => {
    expect(printable('a\u001b[31m\n\u202eb\u2028')).toBe('a\\u001b[31m\\u000a\\u202eb\\u2028');
    expect(printable('größer ☉ 星')).toBe('größer ☉ 星');
  });

  it('is measured and shortened in columns of the terminal', () => {
    expect(displayWidth('a星é')).toBe(4);
    expect(shorten('lc:25155310', 6)).toBe('lc:25…');
    expect(shorten('星星星', 5)).toBe('星星…');
    expect(shorten('short', 5)).toBe('short');
    expect(shortenStart('folder/file.fits', 10)).toBe('…file.fits');
    expect(shortenStart('星星星', 4)).toBe('…星');
    expect(shortenStart('short', 5)).toBe('short');
  });
});
