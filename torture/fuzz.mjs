/**
 * Rubbish for every reader of bytes: blobs, safetensors, sidecars, journal lines, lineages, pins, leases, FITS.
 *
 *   node torture/fuzz.mjs [inputs] [seed] [first input]       after `npm run build`
 *
 * Half of the inputs are files of the right sort with changes, half are made after the grammars; most get a right
 * checksum again, so that what stands behind it is reached. Input number n of a seed is always the same, given the
 * same real FITS files (the small ones of ../shared/fits; without them, FITS files that we made).
 */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { getHeapStatistics } from 'node:v8';
import { crc32, gzipSync } from 'node:zlib';
import { binaryTableHdu, fitsFile, headerBytes, primaryHdu } from '../examples/fits-writer.mjs';

const ROOT = new URL('../', import.meta.url);
/** An input may take this long, and this many bytes of memory for each of its own and of a fixed allowance. */
export const MAX_MS = 1_000;
export const MAX_BYTES_RATIO = 64;
const ALLOWANCE_BYTES = 1 << 16;
/** Longer ones would take the time of a hundred others. */
const MAX_REAL_BYTES = 1 << 16;

/**
 * @typedef {object} Figures
 * @property {number} inputs
 * @property {number} ok gave a value
 * @property {Record<string, number>} refused by code; `undefined` where a reader says no more than that
 * @property {Record<string, number>} by_target inputs
 * @property {Record<string, number>} ok_by_target those that gave a value
 * @property {number} slowest_ms of one input
 * @property {number} peak_bytes_ratio most memory taken for an input, in bytes of it and of a fixed 64 KiB
 */

/** @typedef {{ next: () => number, below: (n: number) => number, chance: (p: number) => boolean, pick: <T>(from: readonly T[]) => T }} Random */
/** @typedef {{ make: (random: Random) => Buffer, read: (input: Buffer) => unknown }} Target */

/**
 * Throws where a reader does anything but give a value, give undefined or throw a TessCacheError; where it is slow,
 * takes much memory, or changes a prototype.
 *
 * @param {{ inputs: number, seed: number, first?: number }} options
 * @returns {Promise<Figures>}
 */
export async function fuzz({ inputs, seed, first = 0 }) {
  const dir = mkdtempSync(join(tmpdir(), 'tess-cache-fuzz-'));
  const prototypes = prototypeNames();
  /** @type {Figures} */
  const figures = {
    inputs: 0,
    ok: 0,
    refused: {},
    by_target: {},
    ok_by_target: {},
    slowest_ms: 0,
    peak_bytes_ratio: 0,
  };
  try {
    const { targets, TessCacheError } = await load(dir);
    const names = Object.keys(targets);
    for (let n = first; n < first + inputs; n++) {
      const random = randomFrom(seed, n);
      const name = random.pick(names);
      const target = targets[name];
      const input = target.make(random);
      const attempt = () => measured(target, input, TessCacheError, `input ${n} of seed ${seed}, ${name}`);
      const { outcome, ...once } = attempt();
      let { ms, ratio } = once;
      // Once more where it is a record: the first time may have paid for another program, or for a compilation.
      if (ms > figures.slowest_ms || ratio > figures.peak_bytes_ratio) {
        const again = attempt();
        ms = Math.min(ms, again.ms);
        ratio = Math.min(ratio, again.ratio);
      }
      figures.inputs++;
      figures.by_target[name] = (figures.by_target[name] ?? 0) + 1;
      if (outcome === 'ok') {
        figures.ok++;
        figures.ok_by_target[name] = (figures.ok_by_target[name] ?? 0) + 1;
      } else figures.refused[outcome] = (figures.refused[outcome] ?? 0) + 1;
      figures.slowest_ms = Math.max(figures.slowest_ms, ms);
      figures.peak_bytes_ratio = Math.max(figures.peak_bytes_ratio, ratio);
      if (ms > MAX_MS || ratio > MAX_BYTES_RATIO) {
        throw new Error(`input ${n} of seed ${seed}, ${name}: ${ms} ms, ${ratio} bytes of memory a byte`);
      }
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  if (prototypeNames() !== prototypes) throw new Error('a prototype was polluted');
  return figures;
}

/**
 * @param {Target} target
 * @param {Buffer} input
 * @param {new (...args: any[]) => Error & { code: string }} TessCacheError
 * @param {string} label
 */
function measured(target, input, TessCacheError, label) {
  const before = memory();
  const started = performance.now();
  let outcome = 'ok';
  try {
    if (target.read(input) === undefined) outcome = 'undefined';
  } catch (error) {
    if (!(error instanceof TessCacheError)) {
      const text = input.toString('latin1', 0, 300);
      throw new Error(`${label}: an error of no type of ours for ${JSON.stringify(text)}`, { cause: error });
    }
    outcome = error.code;
  }
  const ms = performance.now() - started;
  return { outcome, ms, ratio: (memory() - before) / (input.length + ALLOWANCE_BYTES) };
}

function memory() {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

function prototypeNames() {
  return [Object, Array, Map, Set, String, Number, Function, Date]
    .map((type) => Reflect.ownKeys(type.prototype).map(String).join())
    .join('\n');
}

/**
 * A generator of its own for each input: mulberry32 (https://gist.github.com/tommyettinger/46a874533244883189143505d203312c).
 *
 * @param {number} seed
 * @param {number} n
 * @returns {Random}
 */
function randomFrom(seed, n) {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(n + 1, 0x85ebca6b)) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 3; i++) next();
  const below = (/** @type {number} */ bound) => Math.floor(next() * bound);
  return { next, below, chance: (p) => next() < p, pick: (from) => from[below(from.length)] };
}

const NUMBERS =
  '0 1 -1 2 7 8 63 64 65 255 256 65535 2147483647 2147483648 4294967296 9007199254740991 9007199254740992 1152921504606846976 18446744073709551615 18446744073709551616 1e308 1e999 -1e999 -0 0.1 1e-320 120.5'.split(
    ' ',
  );
const NAMES =
  '__proto__ constructor prototype toString hasOwnProperty __metadata__ polluted length valueOf toJSON then value'.split(
    ' ',
  );
const FORMAT_NAMES =
  'checksum format key kind lineage structure tic_id sector dtype shape data_offsets time flux flux_err quality valid_mask time_format time_scale provenance headers flux_type author exptime_seconds cadence_seconds accessed_at created_at bytes sha256 inputs upstream params arrays producer version op at pid digest rows replaced limit by name keys expires_at machine thread token beat computed_at duration_seconds'.split(
    ' ',
  );
const TAGS =
  'array undefined number bigint date map set null-prototype Float64Array Float32Array Int32Array Uint8Array BigInt64Array DataView Buffer ArrayBuffer Object Function'.split(
    ' ',
  );
const TEXTS = [
  'lightcurve', 'value', 'tess-cache/1', 'tess-cache/2', 'tess-cache/99999999999999999999', 'btjd', 'tdb',
  'F64', 'F32', 'I32', 'BOOL', 'U8', 'I64', 'put', 'evicted', 'entries', 'NaN', 'Infinity', '-0', '', '\0',
  'lc:25155310:1:pdcsap', 'golden product', 'ab'.repeat(32), 'xxh64:0123456789abcdef', '\ud800', '☉', 'é',
  '9'.repeat(400), '../../etc/passwd', 'max_bytes',
]; // prettier-ignore

/**
 * JSON as text: an object could not hold `__proto__` twice, or numbers that no double is.
 *
 * @param {Random} random
 * @param {number} depth
 * @returns {string}
 */
function json(random, depth) {
  const kind = random.below(depth <= 0 ? 5 : 10);
  if (kind === 0) return random.pick(NUMBERS);
  if (kind === 1) return random.pick(['null', 'true', 'false', '[]', '{}']);
  if (kind < 5) return JSON.stringify(random.pick(random.chance(0.5) ? TEXTS : [...NAMES, ...FORMAT_NAMES]));
  const items = Array.from({ length: random.below(5) }, () => json(random, depth - 1));
  if (kind < 7) return `[${items.join()}]`;
  if (kind === 7) return `[${[JSON.stringify(random.pick(TAGS)), ...items].join()}]`;
  return `{${items.map((item) => `${JSON.stringify(anyName(random))}:${item}`).join()}}`;
}

/** @param {Random} random */
function anyName(random) {
  return random.pick(random.chance(0.4) ? NAMES : FORMAT_NAMES);
}

/**
 * Nested or long beyond all reason, once in a while.
 *
 * @param {Random} random
 * @param {number} depth
 */
function anyJson(random, depth) {
  if (!random.chance(0.01)) return json(random, depth);
  const times = 2 ** random.below(15);
  const [open, close] = random.pick([['[', ']'], ['["array",', ']'], ['{"a":', '}'], ['["map",1,', ']']]); // prettier-ignore
  return random.pick([
    open.repeat(times) + '1' + close.repeat(times),
    open.repeat(times),
    `["bigint","${'7'.repeat(times)}"]`,
    `["array"${',[]'.repeat(times)}]`,
    `{${Array.from({ length: times }, (_, i) => `"${i}":0`).join()}}`,
  ]);
}

/**
 * An object of these fields; now and then one is missing, or has any value, or there is one more.
 *
 * @param {Random} random
 * @param {Record<string, string>} fields JSON by name
 */
function record(random, fields) {
  const parts = Object.entries(fields)
    .filter(() => !random.chance(0.04))
    .map(([name, text]) => `${JSON.stringify(name)}:${random.chance(0.08) ? anyJson(random, 3) : text}`);
  if (random.chance(0.2)) parts.push(`${JSON.stringify(anyName(random))}:${anyJson(random, 3)}`);
  return `{${parts.join()}}`;
}

/**
 * @param {Random} random
 * @param {readonly Uint8Array[]} seeds
 */
function mutate(random, seeds) {
  let bytes = Buffer.from(random.pick(seeds));
  for (let count = 1 + random.below(4); count > 0; count--) bytes = change(random, bytes, seeds);
  return bytes;
}

/**
 * @param {Random} random
 * @param {Buffer} bytes
 * @param {readonly Uint8Array[]} seeds
 * @returns {Buffer<ArrayBuffer>}
 */
function change(random, bytes, seeds) {
  // What is read as text stands mostly near the start.
  const at = random.below((random.chance(0.5) ? Math.min(bytes.length, 1_000) : bytes.length) + 1);
  const to = Math.min(bytes.length, at + random.below(2 ** random.below(10)));
  const replaced = (/** @type {Uint8Array | string} */ by, /** @type {number} */ end = to) =>
    Buffer.concat([bytes.subarray(0, at), Buffer.from(by), bytes.subarray(end)]);
  switch (random.below(10)) {
    case 0:
      return replaced('');
    case 1:
      return replaced(bytes.subarray(0, at), at);
    case 2:
      return replaced(Buffer.alloc(to - at));
    case 3:
      return replaced(bytes.subarray(at, to), at);
    case 4: {
      const other = Buffer.from(random.pick(seeds));
      return replaced(other.subarray(random.below(other.length)), bytes.length);
    }
    case 5:
      return replaced(JSON.stringify(anyName(random)));
    case 6:
      return replaced(anyJson(random, 2));
    case 7: {
      // A number that stands there gets another value.
      const digits = /[0-9]+/.exec(bytes.toString('latin1', at));
      if (digits === null) return replaced('');
      const from = at + digits.index;
      const end = from + digits[0].length;
      return Buffer.concat([bytes.subarray(0, from), Buffer.from(random.pick(NUMBERS)), bytes.subarray(end)]);
    }
    default: {
      const copy = Buffer.from(bytes);
      if (at < copy.length)
        copy[at] = random.chance(0.5) ? copy[at] ^ (1 << random.below(8)) : random.below(256);
      return copy;
    }
  }
}

/** @param {string} dir */
async function load(dir) {
  const from = (/** @type {string} */ path) => import(new URL(`dist/${path}`, ROOT).href);
  const { TessCacheError } = await from('errors.js');
  const checksum = await from('codec/checksum.js');
  const { decodeBlob, encodeBlob } = await from('codec/blob.js');
  const { decodeLineage } = await from('codec/lineage.js');
  const { decodeSafetensors } = await from('codec/safetensors.js');
  const { metadataOf } = await from('disk/entry-metadata.js');
  const { nodeFileSystem } = await from('disk/file-system.js');
  const { decodeLine, encodeLine } = await from('disk/journal-record.js');
  const { Layout } = await from('disk/layout.js');
  const { LeaseWatch } = await from('disk/lease.js');
  const { downstreamOf } = await from('disk/lineage-graph.js');
  const { Pins } = await from('disk/pins.js');
  const { machineTag, threadTag } = await from('disk/process-identity.js');
  const { decodeSidecar, encodeSidecar } = await from('disk/sidecar.js');
  const { readLightCurve } = await from('fits/read-light-curve.js');
  await checksum.loadChecksum();

  /** The file with a right checksum, where it has the place for one. @param {Buffer} file */
  const reseal = (file) => {
    const at = file.indexOf('xxh64:') + 6;
    if (at < 6 || at + 16 > file.length) return file;
    file.write('0'.repeat(16), at, 'latin1');
    file.write(checksum.checksumOf([file]).slice(6), at, 'latin1');
    return file;
  };
  /** Bytes with their CRC-32 in hex at a place, of all that follows. @param {Buffer} bytes @param {number} at @param {number} rest */
  const recheck = (bytes, at, rest) => {
    if (bytes.length < rest) return bytes;
    bytes.write(crc32(bytes.subarray(rest)).toString(16).padStart(8, '0'), at, 'latin1');
    return bytes;
  };

  const golden = fileURLToPath(new URL('test/golden/', ROOT));
  const blobs = readdirSync(golden)
    .filter((name) => name.endsWith('.safetensors'))
    .map((name) => readFileSync(join(golden, name)));
  const value = {
    map: new Map([[1n, new Set([NaN, -0, undefined])]]),
    at: new Date(0),
    power: new Float32Array(5),
    list: [Buffer.from('x'), new DataView(new ArrayBuffer(3)), Object.create(null), new BigUint64Array(1)],
  };
  blobs.push(Buffer.concat(encodeBlob('any value', value).parts));
  const facts = { createdAt: 1.8e9, accessedAt: 1.8e9, bytes: 1, sha256: 'ab'.repeat(32) };
  const sidecars = blobs.map((blob) => encodeSidecar(metadataOf(decodeBlob(blob).head, facts)));
  const lineages = blobs
    .flatMap((blob) => decodeBlob(blob).head.metadata.get('lineage') ?? [])
    .map(Buffer.from);
  const digest = 'cd'.repeat(32);
  const described = { at: 1.8e9, pid: 1, digest, key: 'k', bytes: 5 };
  const row = [digest, 'k', 'value', 5, 1.8e9, null, 1];
  const lines = [
    { op: 'put', kind: 'value', tic_id: 5, ...described },
    { op: 'evicted', limit: 'max_bytes', by: 'b', ...described },
    { op: 'entries', at: 1, pid: 1, rows: [row, row] },
  ].map((each) => encodeLine(each).subarray(1, -1));
  const pins = [Buffer.from('{"name":"run","keys":["a","b"],"created_at":1,"expires_at":null}\n')];
  const holder = { machine: machineTag(), pid: process.pid, thread: threadTag(), token: 'ab', beat: 1 };
  const leases = [holder, { ...holder, pid: 2 ** 40 }, { ...holder, thread: '', pid: -1 }].map((each) =>
    Buffer.from(JSON.stringify(each).padEnd(127) + '\n'),
  );
  const fits = [smallLightCurve(), gzipSync(smallLightCurve()), ...realFits()];
  const layout = new Layout(dir);
  nodeFileSystem.mkdir(layout.pins, { recursive: true, mode: 0o700 });
  nodeFileSystem.mkdir(layout.leases, { recursive: true, mode: 0o700 });

  /** @type {Record<string, Target>} */
  const targets = {
    blob: {
      make: (random) => {
        const file = random.chance(0.5) ? mutate(random, blobs) : blobText(random);
        return random.chance(0.9) ? reseal(file) : file;
      },
      // All that becomes of a blob whose sidecar is gone.
      read: (file) => {
        const { head, value: decoded } = decodeBlob(file);
        void decoded?.provenance;
        const sidecar = encodeSidecar(metadataOf(head, { ...facts, bytes: file.length }));
        // A key that can be none is only found out by its digest.
        decodeSidecar(sidecar);
        return head;
      },
    },
    safetensors: {
      make: (random) => (random.chance(0.5) ? mutate(random, blobs) : blobText(random)),
      read: decodeSafetensors,
    },
    sidecar: {
      make: (random) => {
        const start = `{"accessed_at":${'1.800000'.padStart(20)},"check":"crc32:00000000",`;
        const fields = { checksum: '"xxh64:0123456789abcdef"', key: '"k"', kind: '"value"', created_at: '1', bytes: '2', sha256: '"ab"', lineage: lineageText(random) }; // prettier-ignore
        const bytes = random.chance(0.5)
          ? mutate(random, sidecars)
          : Buffer.from(`${start}${record(random, fields).slice(1)}\n`);
        return random.chance(0.9) ? recheck(bytes, 51, 61) : bytes;
      },
      read: (bytes) => {
        const metadata = decodeSidecar(bytes);
        if (metadata === undefined) return undefined;
        downstreamOf('k', [metadata]);
        encodeSidecar(metadata);
        return metadata;
      },
    },
    line: {
      make: (random) => {
        const fields = { op: random.pick(['"put"', '"evicted"', '"entries"']), at: '1', pid: '2', digest: JSON.stringify(digest), key: '"k"', kind: '"value"', bytes: '3', rows: JSON.stringify([row]) }; // prettier-ignore
        const bytes = random.chance(0.5)
          ? mutate(random, lines)
          : Buffer.from(`00000000 ${record(random, fields)}`);
        return random.chance(0.9) ? recheck(bytes, 0, 9) : bytes;
      },
      read: decodeLine,
    },
    lineage: {
      make: (random) => (random.chance(0.5) ? mutate(random, lineages) : Buffer.from(lineageText(random))),
      read: (bytes) => {
        const lineage = decodeLineage(bytes.toString('utf8'));
        downstreamOf('k', [{ key: 'p', lineage }]);
        return lineage;
      },
    },
    pins: {
      make: (random) => {
        const fields = { name: '"run"', keys: '["a","b"]', created_at: '1', expires_at: 'null' };
        return random.chance(0.5) ? mutate(random, pins) : Buffer.from(record(random, fields));
      },
      read: (bytes) => {
        writeFileSync(join(layout.pins, `${'ab'.repeat(16)}.json`), bytes);
        const read = new Pins(nodeFileSystem, layout);
        read.digests(1.8e9);
        return read.list(1.8e9)[0];
      },
    },
    lease: {
      make: (random) => {
        const fields = Object.fromEntries(
          Object.entries(holder).map(([name, each]) => [name, JSON.stringify(each)]),
        );
        return random.chance(0.5) ? mutate(random, leases) : Buffer.from(record(random, fields));
      },
      read: (bytes) => {
        writeFileSync(join(layout.leases, `${digest}.json`), bytes);
        return new LeaseWatch(nodeFileSystem, layout, digest, () => 0).look();
      },
    },
    fits: {
      make: (random) => (random.chance(0.7) ? mutate(random, fits) : anyFits(random, fits[0])),
      read: (bytes) => readLightCurve(bytes),
    },
  };
  return { targets, TessCacheError };
}

/** @param {Random} random */
function lineageText(random) {
  const input = () => record(random, { key: '"k"', sha256: '"ab"' });
  const inputs = () => `[${Array.from({ length: random.below(3) }, input).join()}]`;
  const params = json(random, 3);
  return record(random, { kind: '"bls"', producer: '"p"', version: '"1"', inputs: inputs(), upstream: inputs(), params, arrays: '{}' }); // prettier-ignore
}

/** A safetensors file of any metadata and tensors, most of which lie where they may. @param {Random} random */
function blobText(random) {
  const isCurve = random.chance(0.3);
  const rows = random.below(4);
  /** @type {Record<string, string>} */
  const tensors = {};
  let end = 0;
  const add = (/** @type {string} */ name, /** @type {string} */ dtype, /** @type {number} */ bytes) => {
    const data_offsets = `[${end},${(end += bytes * rows)}]`;
    tensors[name] = record(random, { dtype: JSON.stringify(dtype), shape: `[${rows}]`, data_offsets });
  };
  if (isCurve) {
    for (const name of ['time', 'flux', 'flux_err']) add(name, 'F64', 8);
    add('quality', 'I32', 4);
    add('valid_mask', 'BOOL', 1);
  } else if (random.chance(0.5)) {
    add('value', 'F64', 8);
  }
  const common = { checksum: '"xxh64:0000000000000000"', format: '"tess-cache/1"', key: '"k"', kind: isCurve ? '"lightcurve"' : '"value"' }; // prettier-ignore
  const metadata = isCurve
    ? { ...common, tic_id: JSON.stringify(random.chance(0.2) ? random.pick(NUMBERS) : '5'), sector: '"1"', cadence_seconds: '"120"', time_format: '"btjd"', time_scale: '"tdb"', provenance: JSON.stringify(anyJson(random, 3)) } // prettier-ignore
    : { ...common, structure: JSON.stringify(end > 0 ? '["Float64Array","value"]' : anyJson(random, 5)) };
  if (random.chance(0.3)) Object.assign(metadata, { lineage: JSON.stringify(lineageText(random)) });
  const header = Buffer.from(record(random, { __metadata__: record(random, metadata), ...tensors }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(random.chance(0.95) ? BigInt(header.length) : BigInt(random.below(2 ** 32)) << 29n);
  return Buffer.concat([length, header, Buffer.alloc(end)]);
}

/** @returns {Uint8Array} */
function smallLightCurve() {
  const rows = 20;
  const time = Float64Array.from({ length: rows }, (_, i) => 1325.5 + i / 720);
  const flux = Float32Array.from({ length: rows }, (_, i) => 1000 + i);
  return fitsFile(
    primaryHdu([['TELESCOP', 'TESS'], ['ORIGIN', 'NASA/Ames'], ['CREATOR', 'x LightCurveExporterPipelineModule'], ['TICID', 5], ['SECTOR', 1]]), // prettier-ignore
    binaryTableHdu(
      [
        { name: 'TIME', form: 'D', values: time },
        { name: 'PDCSAP_FLUX', form: 'E', values: flux },
        { name: 'PDCSAP_FLUX_ERR', form: 'E', values: flux },
        { name: 'SAP_FLUX', form: 'E', values: flux },
        { name: 'SAP_FLUX_ERR', form: 'E', values: flux },
        { name: 'QUALITY', form: 'J', values: new Int32Array(rows) },
      ],
      [['EXTNAME', 'LIGHTCURVE'], ['TIMESYS', 'TDB'], ['BJDREFI', 2457000], ['BJDREFF', 0], ['TIMEUNIT', 'd'], ['EXPOSURE', 1]], // prettier-ignore
    ),
  );
}

/** @returns {Uint8Array[]} */
function realFits() {
  const directory = fileURLToPath(new URL('../shared/fits/', ROOT));
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.fits'))
    .sort()
    .map((name) => readFileSync(join(directory, name)))
    .filter(({ length }) => length <= MAX_REAL_BYTES);
}

const CARDS =
  'BITPIX NAXIS NAXIS1 NAXIS2 PCOUNT GCOUNT TFIELDS TFORM1 TTYPE1 TSCAL1 TZERO1 TNULL1 TDIM1 EXTNAME TIMESYS BJDREFI __proto__'.split(
    ' ',
  );

/**
 * Headers that claim anything.
 *
 * @param {Random} random
 * @param {Uint8Array} sound
 */
function anyFits(random, sound) {
  const values = [
    0,
    1,
    -1,
    8,
    2,
    2 ** 31,
    2n ** 60n,
    2n ** 64n,
    1e300,
    true,
    '',
    '1D',
    '999999999999D',
    'P',
    null,
  ];
  const card = () => /** @type {import('../examples/fits-writer.mjs').Card} */ ([random.pick(CARDS), random.pick(values)]); // prettier-ignore
  const cards = Array.from({ length: random.below(20) }, card);
  const primary = random.chance(0.7) ? sound.subarray(0, 2880) : headerBytes([['SIMPLE', true], ...cards]);
  const table = headerBytes([['XTENSION', 'BINTABLE'], ...Array.from({ length: random.below(25) }, card)]);
  return Buffer.concat([primary, table, Buffer.alloc(random.below(3_000), random.below(256))]);
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  const [inputs = 1_000_000, seed = Date.now() % 2 ** 31, first = 0] = argv.slice(2).map(Number);
  console.log(JSON.stringify({ seed, ...(await fuzz({ inputs, seed, first })) }, null, 2));
}
