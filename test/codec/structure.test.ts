import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeStructure, encodeStructure } from '../../src/codec/structure.js';
import { TessCacheError } from '../../src/errors.js';
import { codeOf, errorOf } from '../support/errors.js';
import { firstDifference } from '../support/identical.js';
import { anyValue } from '../support/values.js';

function roundTrip(value: unknown): unknown {
  const { json, tensors } = encodeStructure(value);
  return decodeStructure(json, tensors);
}

describe('a structure', () => {
  it('gives back any value, bit for bit', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(firstDifference(roundTrip(value), value)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('gives back whatever fast-check thinks of', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withNullPrototype: true,
      withSparseArray: false,
      maxDepth: 3,
    });
    fc.assert(
      fc.property(anything, (value) => {
        expect(firstDifference(roundTrip(value), value)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('writes one value in one way', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const first = encodeStructure(value);
        const again = encodeStructure(roundTrip(value));
        expect(again.json).toBe(first.json);
        expect([...again.tensors.keys()]).toEqual([...first.tensors.keys()]);
      }),
    );
  });

  it('gives arrays of their own, not views of the tensors', () => {
    const array = new Float64Array([1, 2]);
    const { json, tensors } = encodeStructure({ array });
    const { array: copy } = decodeStructure(json, tensors) as { array: Float64Array };
    copy[0] = 9;
    expect(array[0]).toBe(1);
  });

  it('names tensors after their place, whatever the names are', () => {
    const { tensors } = encodeStructure({
      power: new Float64Array(1),
      fit: { 'a/b': new Int8Array(1), '~': new Int8Array(1), '': new Int8Array(1) },
      '': new Int8Array(1),
      __metadata__: new Int8Array(1),
      '\ud800': new Int8Array(1),
      list: [new Map([[new Int8Array(1), new Int8Array(1)]]), new Set([new Int8Array(1)])],
    });
    expect([...tensors.keys()]).toEqual([
      'power',
      'fit/a~1b',
      'fit/~0',
      'fit/',
      '~',
      '~__metadata__',
      '~unnamed6',
      'list/0/0.key',
      'list/0/0.value',
      'list/1/0',
    ]);
    expect([...encodeStructure(new Float64Array(1)).tensors.keys()]).toEqual(['value']);
  });

  it('pollutes no prototype', () => {
    const value = JSON.parse(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    ) as object;
    const back = roundTrip(value) as object;
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect(Object.hasOwn(back, '__proto__')).toBe(true);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

class Fit {
  readonly depth = 0.01;
}

/** What would not come back as it is, and the place that the refusal has to name. */
const REFUSED: readonly (readonly [what: string, value: unknown, field: string])[] = [
  ['a function', { fit: { score: () => 1 } }, 'value.fit.score'],
  ['a symbol', [1, Symbol('x')], 'value.1'],
  ['a class instance', { fits: [new Fit()] }, 'value.fits.0'],
  ['an error', { error: new Error('x') }, 'value.error'],
  ['a promise', { later: Promise.resolve(1) }, 'value.later'],
  ['a regular expression', { pattern: /x/ }, 'value.pattern'],
  ['a weak map', { map: new WeakMap() }, 'value.map'],
  ['a boxed number', { n: Object(1) as unknown }, 'value.n'],
  ['a subclass of Map', { map: new (class extends Map {})() }, 'value.map'],
  ['a subclass of Array', { list: new (class extends Array {})() }, 'value.list'],
  ['a subclass of Float64Array', { flux: new (class extends Float64Array {})(1) }, 'value.flux'],
  ['a shared buffer', { buffer: new SharedArrayBuffer(8) }, 'value.buffer'],
  ['a hole in an array', { list: [1, , 3] }, 'value.list'],
  ['a named property of an array', { list: Object.assign([1], { unit: 'd' }) }, 'value.list'],
  ['a named property of a map', { map: Object.assign(new Map(), { unit: 'd' }) }, 'value.map'],
  ['a named property of a date', { date: Object.assign(new Date(0), { unit: 'd' }) }, 'value.date'],
  ['a symbol property', { fit: { [Symbol('x')]: 1 } }, 'value.fit'],
  ['an accessor', { fit: Object.defineProperty({}, 'x', { get: () => 1, enumerable: true }) }, 'value.fit'],
  ['a hidden property', { fit: Object.defineProperty({}, 'x', { value: 1 }) }, 'value.fit'],
  ['a function in a map', new Map([['f', () => 1]]), 'value.0.value'],
  ['a function as key of a map', new Map([[() => 1, 'f']]), 'value.0.key'],
  ['a function in a set', new Set([() => 1]), 'value.0'],
  ['an object that pretends to be a Date', { at: Object.create(Date.prototype) as unknown }, 'value.at'],
  ['an object that pretends to be a Map', { map: Object.create(Map.prototype) as unknown }, 'value.map'],
  ['an object that pretends to be a Set', { set: Object.create(Set.prototype) as unknown }, 'value.set'],
  ['a proxy of a Date', { at: new Proxy(new Date(0), {}) }, 'value.at'],
  ['a proxy of a typed array', { flux: new Proxy(new Float64Array(0), {}) }, 'value.flux'],
  ['a buffer whose memory was given away', { buffer: givenAway() }, 'value.buffer'],
  ['an array whose memory was given away', { flux: arrayGivenAway() }, 'value.flux'],
  ['a DataView whose memory was given away', { view: viewGivenAway() }, 'value.view'],
];

function givenAway(): ArrayBuffer {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

function arrayGivenAway(): Float64Array {
  const array = new Float64Array(1);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

function viewGivenAway(): DataView {
  const view = new DataView(new ArrayBuffer(8));
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

describe('what would not come back as it is', () => {
  it.each(REFUSED)('is refused: %s', async (_what, value, field) => {
    const error = await errorOf(() => encodeStructure(value));
    expect(error.code).toBe('UNSUPPORTED_VALUE');
    expect(error.field).toBe(field);
    expect(error.expected).toBeDefined();
    expect(error.found).toBeDefined();
  });

  it('is refused: a cycle, but not one object in two places', async () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = [cycle];
    expect(await errorOf(() => encodeStructure(cycle))).toMatchObject({
      code: 'UNSUPPORTED_VALUE',
      field: 'value.self.0',
    });
    const shared = { x: 1 };
    expect(roundTrip([shared, shared])).toEqual([{ x: 1 }, { x: 1 }]);
  });

  it('is refused: more than 500 nested levels; 500 are given back', async () => {
    const nest = (levels: number): unknown => {
      let value: unknown = 1;
      for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { inner: value };
      return value;
    };
    expect(firstDifference(roundTrip(nest(500)), nest(500))).toBeUndefined();
    expect(await codeOf(() => encodeStructure(nest(501)))).toBe('UNSUPPORTED_VALUE');
    expect(await codeOf(() => encodeStructure(nest(100_000)))).toBe('UNSUPPORTED_VALUE');
  });

  it('is refused: more JSON than safetensors allows, before it is made', async () => {
    const long = 'x'.repeat(10_000_000);
    const error = await errorOf(() => encodeStructure({ pages: new Array<string>(11).fill(long) }));
    expect(error).toMatchObject({ code: 'UNSUPPORTED_VALUE', field: 'value.pages.9' });
    expect(error.message.length).toBeLessThan(300);
  });

  it('takes the length of an array from its memory, not from what its properties say', () => {
    const liar = Object.defineProperty(new DataView(new ArrayBuffer(8)), 'length', { value: 3 });
    const { tensors } = encodeStructure(liar);
    expect(tensors.get('value')).toMatchObject({ dtype: 'U8', shape: [8] });
  });
});

const DEEP = '['.repeat(100_000) + ']'.repeat(100_000);

describe('a structure that breaks its grammar', () => {
  const one = encodeStructure(new Float64Array([1])).tensors;
  it.each([
    ['no JSON', ''],
    ['unfinished JSON', '['],
    ['no tag', '[]'],
    ['a tag that is no string', '[1]'],
    ['an unknown tag', '["unheard of"]'],
    ['a tag from the prototype', '["__proto__","value"]'],
    ['a tag from the prototype', '["constructor","value"]'],
    ['no number', '["number"]'],
    ['another number', '["number","0x10"]'],
    ['no bigint', '["bigint","1.5"]'],
    ['no digits', '["bigint",1]'],
    ['no digits', '["bigint",""]'],
    ['no date', '["date","today"]'],
    ['a key alone', '["map",1]'],
    ['no properties', '["null-prototype"]'],
    ['no properties', '["null-prototype",["array"]]'],
    ['no tensor', '["Float64Array","missing"]'],
    ['no tensor name', '["Float64Array",null]'],
    ['a tensor of another dtype', '["Float32Array","value"]'],
    ['a tensor of another dtype', '["Buffer","value"]'],
    ['a tensor of another dtype', '["ArrayBuffer","value"]'],
    ['one tensor twice', '["array",["Float64Array","value"],["Float64Array","value"]]'],
    ['deep nesting', DEEP],
    ['nesting beyond the limit', `${'["array",'.repeat(600)}1${']'.repeat(600)}`],
    ['deep nesting where text should be', `["number",${DEEP}]`],
    ['deep nesting for an object', `["null-prototype",${DEEP}]`],
    ['deep nesting for a name', `["Float64Array",${DEEP}]`],
    ['deep nesting for a date', `["date",${DEEP}]`],
    ['deep nesting for a bigint', `["bigint",${DEEP}]`],
  ])('is CORRUPT: %s', async (_what, json) => {
    const error = await errorOf(() => decodeStructure(json, one));
    expect(error.code).toBe('CORRUPT');
    expect(error.message.length).toBeLessThan(300);
  });

  it('gives nothing but TessCacheErrors for any JSON', () => {
    const tags = fc.constantFrom(
      'array',
      'map',
      'set',
      'number',
      'bigint',
      'date',
      'null-prototype',
      'Buffer',
    );
    const items = fc.array(fc.jsonValue(), { maxLength: 3 });
    const anyJson = fc.oneof(
      fc.jsonValue(),
      fc.tuple(tags, items).map(([tag, rest]) => [tag, ...rest]),
    );
    fc.assert(
      fc.property(anyJson, (json) => {
        try {
          decodeStructure(JSON.stringify(json), one);
        } catch (error) {
          expect(error).toBeInstanceOf(TessCacheError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
