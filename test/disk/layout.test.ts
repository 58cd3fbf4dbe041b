import { describe, expect, it } from 'vitest';
import { Layout, SHARDS, digestOfBlobName, digestOfSidecarName } from '../../src/disk/layout.js';
import { checkKey, digestOf } from '../../src/ref/key.js';

describe('the layout', () => {
  // printf k | sha256sum
  const digest = '8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a';

  it('names files after the SHA-256 of the key', () => {
    const layout = new Layout('/c');
    const key = digestOf(checkKey('k'));
    expect(layout.blob(key)).toBe(`/c/data/82/${digest}.safetensors`);
    expect(layout.sidecar(key)).toBe(`/c/meta/82/${digest}.json`);
  });

  it('knows its files by their names, and no others', () => {
    expect(digestOfBlobName(`${digest}.safetensors`, '82')).toBe(digest);
    expect(digestOfSidecarName(`${digest}.json`, '82')).toBe(digest);
    for (const name of [
      `${digest}.json`,
      `${digest}.safetensors.tmp`,
      `${digest.toUpperCase()}.safetensors`,
      `${digest.slice(1)}.safetensors`,
      `${digest}0.safetensors`,
      `.safetensors`,
      `82\n${digest.slice(3)}.safetensors`,
    ]) {
      expect(digestOfBlobName(name, '82'), name).toBeUndefined();
    }
    expect(digestOfBlobName(`${digest}.safetensors`, '83')).toBeUndefined();
    expect(digestOfSidecarName(`${digest}.safetensors`, '82')).toBeUndefined();
  });

  it('has 256 shards', () => {
    expect(new Set(SHARDS).size).toBe(256);
    expect([SHARDS[0], SHARDS[10], SHARDS[255]]).toEqual(['00', '0a', 'ff']);
  });
});
