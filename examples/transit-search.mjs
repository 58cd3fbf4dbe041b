// A transit search whose result is cached, and knows when it is no longer right.
//
//   node examples/transit-search.mjs                       a simulated star, written to quickstart-data/
//   node examples/transit-search.mjs FILE…                 your own light curves of one star
//   node examples/transit-search.mjs --quality-mask 0 …    the same with other bad cadences: the result becomes stale
//
// The first run computes; the next reads the result from disk.
import { realpathSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { dataRefOf, makeProductRef, openCache, readLightCurve } from 'tess-cache';
import { binInTime, boxLeastSquares } from './box-least-squares.mjs';
import { writeSimulatedStar } from './simulated-star.mjs';

/** Another version when results change: what was computed by the old one is then not found any more. */
const VERSION = '1';
const PARAMS = { binMinutes: 10, minPeriod: 1, maxPeriod: 10, durations: [0.05, 0.1, 0.15, 0.2] };

/**
 * @param {string[]} files of one star
 * @param {{ dir: string, qualityMask?: number, log?: (line: string) => void }} options
 */
export async function searchForTransits(files, { dir, qualityMask, log = console.log }) {
  const cache = openCache({ sessionId: 'transit-search', dir });
  const inputs = [];
  for (const file of files) {
    const curve = readLightCurve(file, { qualityMask });
    const ref = dataRefOf(curve);
    // Under the same name, but perhaps with other valid cadences: what was computed from the old one is stale then.
    await cache.put(ref, curve);
    inputs.push(ref);
  }
  const product = { kind: 'bls', inputs, params: PARAMS, version: VERSION };
  let computed = false;
  // For the reader: a program that wants the result just asks for it.
  const { present, reason, detail } = await cache.explain(makeProductRef('bls', product));
  if (!present) log(`not in the cache (${reason})${detail === undefined ? '' : `: ${detail}`}`);
  const box = await cache.getOrCompute(product, (curves) => {
    computed = true;
    const series = curves.map((curve) => {
      return binInTime(curve.time, curve.flux, curve.validMask, PARAMS.binMinutes / 1440);
    });
    const all = {
      time: Float64Array.from(series.flatMap(({ time }) => [...time])),
      flux: Float64Array.from(series.flatMap(({ flux }) => [...flux])),
    };
    return boxLeastSquares(all, PARAMS);
  });
  log(
    `${computed ? 'computed' : 'from the cache'}: period ${box.period.toFixed(4)} d, depth ${box.depth.toFixed(4)}, ` +
      `duration ${(box.duration * 24).toFixed(1)} h, transit at BTJD ${box.transitTime.toFixed(3)}`,
  );
  await cache.close();
  return { box, computed, inputs };
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === import.meta.filename) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'quality-mask': { type: 'string' } },
  });
  const files = positionals.length > 0 ? positionals : writeSimulatedStar('quickstart-data/fits').files;
  const mask = values['quality-mask'];
  await searchForTransits(files, {
    dir: 'quickstart-data/transit-search',
    qualityMask: mask === undefined ? undefined : Number(mask),
  });
}
