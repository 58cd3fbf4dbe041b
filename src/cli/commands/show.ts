import type { Command } from 'commander';
import { toRecord, type EntryMetadata } from '../../disk/entry-metadata.js';
import { LightCurveData } from '../../light-curve/light-curve-data.js';
import { summaryOf } from '../../light-curve/light-curve-ref.js';
import { examples, type Cli } from '../command.js';
import { describeLightCurve, provenanceRecord } from '../light-curve-text.js';
import { plotLightCurve } from '../plot.js';
import { openToRead, requireEntry } from '../reading.js';
import { formatAge, formatSize, formatTime, printable } from '../text.js';
import { summarize, summaryLines } from '../value-summary.js';

const PLOT_HEIGHT = 14;
/** Where there is no terminal, and where it is wider than a plot is good to look at. */
const USUAL_WIDTH = 80;
const WIDEST = 140;

export function defineShow(command: Command, cli: Cli): void {
  command
    .argument('<KEY>', 'of the entry')
    .addHelpText(
      'after',
      examples(
        'show lc:25155310:1:pdcsap',
        'show lc:25155310:1:pdcsap --json | jq .summary.median_flux',
        'show lc:261136679:1:corr:gsfc-eleanor-lite:1800',
      ),
    )
    .action(async (key: string) => {
      const { value, metadata } = await requireEntry(openToRead(cli), key);
      const isLightCurve = value instanceof LightCurveData;
      const provenance = isLightCurve ? provenanceRecord(value) : undefined;
      const summary = isLightCurve ? summaryOf(value) : summarize(value);
      cli.output.result({ metadata: toRecord(metadata), provenance, summary }, () => {
        const content = isLightCurve ? lightCurveText(value) : valueText(value);
        return [printable(key), '', ...content, '', ...storage(metadata)].join('\n');
      });
    });
}

function lightCurveText(data: LightCurveData): string[] {
  const { fluxUnit, normalized } = data.provenance ?? {};
  const title =
    normalized === false ? `flux${fluxUnit === undefined ? '' : `, ${fluxUnit}`}` : 'relative flux';
  const width = Math.min(process.stdout.columns ?? USUAL_WIDTH, WIDEST);
  const plot = plotLightCurve(data, { width, height: PLOT_HEIGHT, title: printable(title) });
  return [...fieldLines(describeLightCurve(data)), '', ...plot];
}

function valueText(value: unknown): string[] {
  return summaryLines(summarize(value)).map(printable);
}

function storage({ kind, bytes, createdAt, accessedAt, sha256, lineage }: EntryMetadata): string[] {
  const now = Date.now() / 1000;
  return fieldLines([
    ...(lineage === undefined
      ? []
      : ([
          ['computed by', `${lineage.producer} ${lineage.version}`],
          ...lineage.inputs.map(({ key }) => ['from', key]),
        ] as [string, string][])),
    [
      'stored',
      `${kind}, ${formatSize(bytes)}, ${formatTime(createdAt)}; last access ${formatAge(accessedAt, now)}`,
    ],
    ['sha256', sha256],
  ]);
}

/** Names in one column, what they say in another. */
function fieldLines(fields: readonly (readonly [name: string, text: string])[]): string[] {
  return fields.map(([name, text]) => `${name.padEnd(12)} ${printable(text)}`);
}
