import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Command } from 'commander';
import { PersistentCache } from '../../disk/persistent-cache.js';
import { TessCacheError } from '../../errors.js';
import { DEFAULT_QUALITY_MASK, type ReadOptions } from '../../fits/read-options.js';
import { dataRefOf } from '../../light-curve/light-curve-ref.js';
import { bitMask, positiveInteger } from '../arguments.js';
import { examples, type Cli } from '../command.js';
import { findFitsFiles, type FitsFile } from '../fits-files.js';
import {
  ingestRemarks,
  ingestTable,
  toFailed,
  toIngested,
  type Failed,
  type IngestResult,
  type Ingested,
} from '../ingest-result.js';
import { startProgress } from '../progress.js';
import { readAhead } from '../read-ahead.js';

interface IngestOptions {
  readonly fluxType?: string;
  readonly qualityMask: number;
  readonly normalize: boolean;
  readonly sector?: number;
  readonly tic?: number;
}

export function defineIngest(command: Command, cli: Cli): void {
  command
    .argument('<PATH...>', 'FITS files, plain or .gz, and folders of them')
    .option('--flux-type <TYPE>', "pdcsap, sap, kspsap, ... (default: the product's usual one)")
    .option(
      '--quality-mask <BITS>',
      'quality bits that make a cadence invalid',
      bitMask,
      DEFAULT_QUALITY_MASK,
    )
    .option('--no-normalize', "keep the flux as measured, don't divide it by its median")
    .option('--sector <N>', "for files that don't say", positiveInteger)
    .option('--tic <N>', "TIC id, for files that don't say", positiveInteger)
    .addHelpText(
      'after',
      examples(
        'ingest tess2018206045859-s0001-0000000025155310-0120-s_lc.fits',
        'ingest ~/Downloads/MAST --flux-type sap',
        'ingest my-own-curve.fits --sector 1 --quality-mask 0x1af',
      ),
    )
    .action(async (paths: string[], { tic, ...options }: IngestOptions) => {
      const files = findFitsFiles(paths);
      const result = await ingest(files, new PersistentCache(cli.cacheOptions()), { ...options, ticId: tic });
      if (result.failed.length > 0) cli.fail();
      cli.output.result(recordOf(result), () => ingestTable(result, process.stdout.columns));
      if (files.length === 0)
        cli.output.note('There is no FITS file there (.fits, .fit, .fits.gz, .fit.gz).');
      else cli.output.note(ingestRemarks(result));
    });
}

async function ingest(
  files: readonly FitsFile[],
  cache: PersistentCache,
  options: ReadOptions,
): Promise<IngestResult> {
  const ingested: Ingested[] = [];
  const failed: Failed[] = [];
  const evicted = new Set<string>();
  cache.on('evict', ({ key }) => evicted.add(key));
  const progress = await startProgress('ingesting', files.length, 'files');
  try {
    for await (const { path, content } of readAhead(files, options)) {
      try {
        if (content instanceof TessCacheError) throw content;
        const key = dataRefOf(content);
        const { bytes } = await cache.put(key, content);
        evicted.delete(key);
        ingested.push(toIngested(path, key, content, bytes));
      } catch (error) {
        if (!(error instanceof TessCacheError)) throw error;
        failed.push(toFailed(path, error));
        if (isOfTheCache(error)) break;
      }
      progress.update(ingested.length + failed.length);
      // An interrupt is heard between two files.
      await nextTurn();
    }
  } finally {
    progress.stop();
  }
  const not_tried = files.slice(ingested.length + failed.length).map(({ path }) => path);
  return { ingested, failed, not_tried, evicted: [...evicted] };
}

/** Whether the cache has failed, so that the next file would fare no better. What a reader throws names no key. */
function isOfTheCache({ code, key }: TessCacheError): boolean {
  return key !== undefined && ['IO', 'NO_SPACE', 'PINNED'].includes(code);
}

function recordOf({ ingested, failed, not_tried, evicted }: IngestResult) {
  return {
    ingested,
    failed,
    ...(not_tried.length > 0 && { not_tried }),
    ...(evicted.length > 0 && { evicted }),
  };
}
