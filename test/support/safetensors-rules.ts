/**
 * The rules of the safetensors format (https://huggingface.co/docs/safetensors, and the checks of its reference
 * implementation), written down independently of the codec under test.
 */
const ITEM_BITS: Readonly<Record<string, number>> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  F64: 64,
  I64: 64,
  U64: 64,
};

export interface PlainTensor {
  dtype: string;
  shape: number[];
  bytes: Buffer;
}

export interface PlainFile {
  metadata: Record<string, string>;
  tensors: Record<string, PlainTensor>;
}

/** The content of a file that keeps every rule; an error that names the rule for any other. */
export function strictlyRead(file: Buffer): PlainFile {
  rule(file.length >= 8, 'a file has at least the length of its header');
  const length = Number(file.readBigUInt64LE());
  rule(length <= 100_000_000, 'a header has at most 100 MB');
  rule(8 + length <= file.length, 'the header lies within the file');
  const header = file.subarray(8, 8 + length);
  rule(header[0] === 0x7b, 'a header starts with {');
  const text = new TextDecoder('utf-8', { fatal: true }).decode(header);
  const json = text.replace(/ +$/, '');
  rule(json.endsWith('}'), 'a header is padded with spaces alone');
  const parsed = JSON.parse(json) as Record<string, unknown>;
  // Parsing drops all but the last of equal names, so that what it gives is shorter then.
  rule(JSON.stringify(parsed).length === json.length, 'no name stands twice, no space stands within');
  rule(!/\\ud[89a-f]/.test(json.replaceAll('\\\\', '')), 'all text is well-formed Unicode');
  const { __metadata__: metadata = {}, ...entries } = parsed;
  rule(!Array.isArray(metadata), 'metadata are an object');
  for (const value of Object.values(metadata as object)) {
    rule(typeof value === 'string', 'metadata are strings');
  }
  const data = file.subarray(8 + length);
  const tensors = Object.create(null) as Record<string, PlainTensor>;
  const ranges: [number, number][] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
    rule(Object.keys(entry as object).length === 3, 'a tensor has dtype, shape and data_offsets');
    rule(typeof dtype === 'string' && dtype in ITEM_BITS, 'a dtype is known');
    rule(Array.isArray(shape) && shape.every(isSize), 'a shape is of sizes');
    rule(Array.isArray(offsets) && offsets.length === 2 && offsets.every(isSize), 'offsets are two');
    const [begin, end] = offsets as [number, number];
    const items = (shape as number[]).reduce((product, size) => product * size, 1);
    rule((items * ITEM_BITS[dtype]) / 8 === end - begin, 'the shape fits the offsets');
    ranges.push([begin, end]);
    tensors[name] = {
      dtype: dtype,
      shape: shape as number[],
      bytes: Buffer.from(data.subarray(begin, end)),
    };
  }
  let covered = 0;
  for (const [begin, end] of ranges.sort(([a, b], [c, d]) => a - c || b - d)) {
    rule(begin === covered, 'the data have no holes and no overlaps');
    covered = end;
  }
  rule(covered === data.length, 'the tensors cover the file');
  return { metadata: metadata as Record<string, string>, tensors };
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function rule(holds: boolean, text: string): asserts holds {
  if (!holds) throw new Error(`safetensors rule broken: ${text}`);
}
