import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DIR_VARIABLE, ROOT_VARIABLE, defaultCacheDir, locate } from '../../src/disk/location.js';

const AT_WORK = {
  dir: resolve('.bittr-tess-vetter/cache/persistent_cache'),
  rule: 'working directory',
};

describe('the default directory', () => {
  it.each([
    ['nothing is set', {}, AT_WORK],
    ['the directory is set', { [DIR_VARIABLE]: '/a/b' }, { dir: '/a/b', rule: DIR_VARIABLE }],
    ['the root is set', { [ROOT_VARIABLE]: '/r' }, { dir: '/r/persistent_cache', rule: ROOT_VARIABLE }],
    ['both are set', { [DIR_VARIABLE]: '/d', [ROOT_VARIABLE]: '/r' }, { dir: '/d', rule: DIR_VARIABLE }],
    [
      'the directory is empty',
      { [DIR_VARIABLE]: '', [ROOT_VARIABLE]: '/r' },
      { dir: '/r/persistent_cache', rule: ROOT_VARIABLE },
    ],
    ['both are empty', { [DIR_VARIABLE]: '', [ROOT_VARIABLE]: '' }, AT_WORK],
    ['it is relative', { [DIR_VARIABLE]: 'a' }, { dir: resolve('a'), rule: DIR_VARIABLE }],
    ['it is the home', { [DIR_VARIABLE]: '~' }, { dir: homedir(), rule: DIR_VARIABLE }],
    ['it is under the home', { [DIR_VARIABLE]: '~/c' }, { dir: join(homedir(), 'c'), rule: DIR_VARIABLE }],
    [
      'the root is under the home',
      { [ROOT_VARIABLE]: '~/r' },
      { dir: join(homedir(), 'r/persistent_cache'), rule: ROOT_VARIABLE },
    ],
    ['a tilde stands elsewhere', { [DIR_VARIABLE]: '/a/~/b' }, { dir: '/a/~/b', rule: DIR_VARIABLE }],
    ['a tilde starts a name', { [DIR_VARIABLE]: '~x/c' }, { dir: resolve('~x/c'), rule: DIR_VARIABLE }],
  ])('follows the rules: %s', (_when, environment, expected) => {
    expect(defaultCacheDir(environment)).toEqual(expected);
  });
});

describe('a directory that is given', () => {
  it('comes before all others, and is expanded too', () => {
    expect(locate('/x')).toEqual({ dir: '/x', rule: 'given' });
    expect(locate('~/x')).toEqual({ dir: join(homedir(), 'x'), rule: 'given' });
    expect(locate(undefined)).toEqual(defaultCacheDir());
  });
});
