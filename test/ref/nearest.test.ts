import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestNames } from '../../src/ref/nearest.js';
import { makeProductRef } from '../../src/ref/product-ref.js';
import { anyText } from '../support/values.js';

const REF = 'lc:261136679:1:pdcsap';
const keysOf = (wanted: string, keys: readonly string[], most?: number) =>
  nearestNames(wanted, keys, most).map(({ key }) => key);

describe('the nearest names', () => {
  it('of a light curve are those of the same star, the more alike the nearer', () => {
    const keys = [
      'lc:261136679:2:pdcsap',
      'lc:261136679:2:kspsap:qlp:1800',
      'lc:261136679:1:sap',
      'lc:261136679:1:pdcsap:spoc:20',
      'lc:261136678:1:pdcsap',
      'lc:26113667:1:pdcsap',
      'bls:261136679:1:' + '0'.repeat(64),
      'my own key',
    ];
    expect(nearestNames(REF, keys)).toEqual([
      {
        key: 'lc:261136679:1:pdcsap:spoc:20',
        difference: 'same TIC, sector, flux type and author; exposure time 20, not 120',
      },
      {
        key: 'lc:261136679:1:sap',
        difference: 'same TIC, sector, author and exposure time; flux type sap, not pdcsap',
      },
      {
        key: 'lc:261136679:2:pdcsap',
        difference: 'same TIC, flux type, author and exposure time; sector 2, not 1',
      },
      {
        key: 'lc:261136679:2:kspsap:qlp:1800',
        difference:
          'same TIC; sector 2, not 1; flux type kspsap, not pdcsap; author qlp, not spoc; exposure time 1800, not 120',
      },
    ]);
  });

  it('of a product are products of the same star', () => {
    const product = (kind: string, sectors: readonly number[], version: string) =>
      makeProductRef(kind, { inputs: sectors.map((sector) => `lc:261136679:${sector}:pdcsap`), version });
    const wanted = product('bls', [1, 2], '1');
    const keys = [
      REF,
      product('tls', [1, 2], '1'),
      product('bls', [1], '1'),
      product('bls', [1, 2], '2'),
      makeProductRef('bls', { inputs: ['lc:1:1:pdcsap'], version: '1' }),
      wanted,
    ];
    expect(nearestNames(wanted, keys)).toEqual([
      { key: keys[3], difference: 'same TIC, kind and sector; other inputs, parameters or version' },
      {
        key: keys[2],
        difference: 'same TIC and kind; sector 1, not 1-2; other inputs, parameters or version',
      },
      {
        key: keys[1],
        difference: 'same TIC and sector; kind tls, not bls; other inputs, parameters or version',
      },
    ]);
  });

  it('of any other key are those that begin like it', () => {
    const keys = ['notes/2024', 'notes/2023-a', 'notes', 'other', 'no', REF];
    expect(nearestNames('notes/2023', keys)).toEqual([
      { key: 'notes/2023-a', difference: 'same first 10 characters' },
      { key: 'notes/2024', difference: 'same first 9 characters' },
      { key: 'notes', difference: 'same first 5 characters' },
    ]);
    // A slip in a ref makes it another key.
    expect(keysOf('lc:261136679:1:PDCSAP', [REF, 'lc:5:1:pdcsap'])).toEqual([REF, 'lc:5:1:pdcsap']);
  });

  it('are at most so many', () => {
    const keys = Array.from({ length: 30 }, (_, i) => `lc:261136679:${i + 1}:pdcsap`);
    expect(keysOf(REF, keys)).toHaveLength(5);
    expect(keysOf(REF, keys, 2)).toHaveLength(2);
    expect(keysOf(REF, [])).toEqual([]);
    expect(keysOf(REF, [REF])).toEqual([]);
  });

  it('can be told of any keys at all', () => {
    fc.assert(
      fc.property(anyText, fc.array(anyText), (wanted, keys) => {
        const near = keysOf(wanted, keys);
        expect(near.length).toBeLessThanOrEqual(5);
        expect(near).not.toContain(wanted);
        for (const key of near) expect(keys).toContain(key);
      }),
    );
  });
});
