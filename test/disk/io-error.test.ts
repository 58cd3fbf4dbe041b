import { describe, expect, it } from 'vitest';
import { TessCacheError } from '../../src/errors.js';
import { systemCode } from '../../src/disk/file-system.js';
import { isNoSpace, toIoError } from '../../src/disk/io-error.js';
import { systemError } from '../support/faulty-file-system.js';

const call = { name: 'open', path: '/x' } as const;

describe('a system error', () => {
  it.each([
    ['ENOSPC', 'NO_SPACE', 'maxBytes'],
    ['EDQUOT', 'NO_SPACE', 'quota'],
    ['EACCES', 'IO', 'owner'],
    ['EPERM', 'IO', 'owner'],
    ['EROFS', 'IO', 'readOnly'],
    ['EIO', 'IO', 'disk'],
    ['ESTALE', 'IO', 'again'],
    ['EMFILE', 'IO', 'ulimit'],
    ['ENOTDIR', 'IO', 'move'],
    ['EXDEV', 'IO', 'as a whole'],
    ['EFBIG', 'IO', 'ulimit -f'],
    ['ENXIO', 'IO', 'cause'],
  ])('%s becomes %s, with its cause and advice', (code, expected, advice) => {
    const cause = systemError(code, call);
    const error = toIoError(cause, 'reading "k"', '/x/y', 'k') as TessCacheError;
    expect(error).toBeInstanceOf(TessCacheError);
    expect(error).toMatchObject({ code: expected, path: '/x/y', key: 'k', found: code });
    expect(error.cause).toBe(cause);
    expect(error.message).toContain(advice);
    expect(error.message).toContain('/x/y');
    expect(isNoSpace(cause)).toBe(expected === 'NO_SPACE');
  });
});

describe('any other error', () => {
  it.each([
    new TypeError('a bug'),
    new RangeError('too long'),
    Object.assign(new TypeError('bad argument'), { code: 'ERR_INVALID_ARG_TYPE' }),
    new TessCacheError('CORRUPT', 'x'),
    'a text',
    undefined,
  ])('stays as it is: %s', (error) => {
    expect(toIoError(error, 'reading', '/x')).toBe(error);
    expect(systemCode(error)).toBeUndefined();
  });
});
