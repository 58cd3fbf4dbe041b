import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { Option, type Command } from 'commander';
import { decodeBlob } from '../../codec/blob.js';
import { Layout } from '../../disk/layout.js';
import type { PersistentCache } from '../../disk/persistent-cache.js';
import { TessCacheError, describe } from '../../errors.js';
import { LightCurveData } from '../../light-curve/light-curve-data.js';
import { checkKey, digestOf } from '../../ref/key.js';
import { path } from '../arguments.js';
import { examples, type Cli } from '../command.js';
import { csvOf } from '../csv.js';
import { CommandFailure } from '../failure.js';
import { openToRead, requireEntry } from '../reading.js';
import { formatSize } from '../text.js';
import { writeWholeFile } from '../write-file.js';

type Format = 'csv' | 'safetensors';

interface ExportOptions {
  readonly output: string;
  readonly format?: Format;
  readonly force?: boolean;
}

const STANDARD_OUTPUT = '-';
const FORMAT_BY_ENDING: Readonly<Record<string, Format>> = { '.csv': 'csv', '.safetensors': 'safetensors' };

export function defineExport(command: Command, cli: Cli): void {
  command
    .argument('<KEY>', 'of the entry')
    .requiredOption('-o, --output <FILE>', "where to; '-' is standard output", path)
    .addOption(
      new Option('--format <FORMAT>', "by the file's ending, unless given").choices(['csv', 'safetensors']),
    )
    .option('--force', 'replace a file that is there')
    .addHelpText(
      'after',
      `
csv has the columns time,flux,flux_err,quality,valid_mask, with numbers that read back to the same bits.
safetensors is the stored file itself, checked and byte for byte.
${examples(
  'export lc:25155310:1:pdcsap -o curve.csv',
  'export lc:25155310:1:pdcsap -o curve.safetensors --force',
  'export lc:25155310:1:pdcsap -o - --format csv | head',
)}`,
    )
    .action(async (key: string, { output, format = formatOf(output), force = false }: ExportOptions) => {
      const toStandardOutput = output === STANDARD_OUTPUT;
      if (toStandardOutput && cli.output.isJson) {
        throw usage("standard output can't take both --json and the entry (-o -)");
      }
      const cache = openToRead(cli);
      const { value } = await requireEntry(cache, key);
      const content = format === 'csv' ? csvOf(requireLightCurve(key, value)) : readVerified(cache, key);
      if (toStandardOutput) {
        process.stdout.write(content);
        return;
      }
      writeWholeFile(output, content, force);
      const bytes = Buffer.byteLength(content);
      cli.output.result(
        { key, path: output, format, bytes },
        () => `wrote ${output} (${format}, ${formatSize(bytes)})`,
      );
    });
}

/** @throws CommandFailure USAGE where the ending tells nothing */
function formatOf(output: string): Format {
  if (output === STANDARD_OUTPUT) return 'csv';
  const format = FORMAT_BY_ENDING[extname(output).toLowerCase()];
  if (format === undefined)
    throw usage(`the ending of ${describe(output)} tells no format: pass --format csv or safetensors`);
  return format;
}

function requireLightCurve(key: string, value: unknown): LightCurveData {
  if (value instanceof LightCurveData) return value;
  throw usage(`${describe(key)} is no light curve, and has no columns for csv: pass --format safetensors`);
}

/** The blob file of an entry that has just been read; another process may have replaced it since. */
function readVerified({ dir }: PersistentCache, key: string): Uint8Array {
  const path = new Layout(dir).blob(digestOf(checkKey(key)));
  const bytes = readFileSync(path);
  const { head } = decodeBlob(bytes);
  if (head.key === key) return bytes;
  throw new TessCacheError('CORRUPT', `${path} belongs to ${describe(head.key)}`, { key, path });
}

function usage(message: string): CommandFailure {
  return new CommandFailure({ code: 'USAGE', message });
}
