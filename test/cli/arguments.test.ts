import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { bitMask, positiveInteger, size } from '../../src/cli/arguments.js';

describe('size', () => {
  it.each([
    ['1500', 1500],
    ['1500B', 1500],
    ['2kB', 2000],
    ['500MB', 500_000_000],
    ['500 mb', 500_000_000],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['2GiB', 2 ** 31],
    ['1TB', 1e12],
    ['1TiB', 2 ** 40],
    ['0.3kB', 300],
  ])('%s is %d bytes', (text, bytes) => {
    expect(size(text)).toBe(bytes);
  });

  it.each([
    '',
    '0',
    '-1',
    '2G',
    '2 k',
    '1e3',
    '0x10',
    'MB',
    '1.2.3MB',
    'Infinity',
    '9999999TB',
    '1constructor',
  ])('refuses %j', (text) => {
    expect(() => size(text)).toThrow(InvalidArgumentError);
  });
});

describe('positiveInteger', () => {
  it('takes digits', () => {
    expect(positiveInteger('25155310')).toBe(25155310);
  });

  it.each(['', '0', '-1', '1.5', '1e3', ' 1', '9007199254740992', 'x'])('refuses %j', (text) => {
    expect(() => positiveInteger(text)).toThrow(InvalidArgumentError);
  });
});

describe('bitMask', () => {
  it.each([
    ['0', 0],
    ['431', 431],
    ['0x1af', 431],
    ['0X1AF', 431],
    ['4294967295', 2 ** 32 - 1],
  ])('%s is %d', (text, bits) => {
    expect(bitMask(text)).toBe(bits);
  });

  it.each(['', '-1', '4294967296', '0x', '0x1g', '1.5', '0b11'])('refuses %j', (text) => {
    expect(() => bitMask(text)).toThrow(InvalidArgumentError);
  });
});
