/**
 * A light curve as text. Each character is a cell of 2 x 4 dots (Braille, U+2800 and the bits of the dots); a
 * dot is set where a point lies.
 */
import type { LightCurveData } from '../light-curve/light-curve-data.js';
import { medianInPlace } from '../light-curve/statistics.js';

type Plotted = Pick<LightCurveData, 'time' | 'flux' | 'validMask'>;

export interface PlotOptions {
  /** Columns of the terminal, labels included. */
  readonly width: number;
  /** Lines of the plot itself. */
  readonly height: number;
  readonly title: string;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

interface Tick {
  readonly value: number;
  readonly label: string;
}

const BLANK = 0x2800;
const DOTS_ACROSS = 2;
const DOTS_DOWN = 4;
/** Bit of each dot of a cell, row by row. */
const DOT_BITS = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80] as const;

/** MAD of a normal distribution times this is its standard deviation. */
const SIGMA_PER_MAD = 1.4826;
/** Beyond the medians of runs, in standard deviations of a point: with the scatter of those, four in all. */
const NOISE_ROOM = 2;
/** A run this long (in points) is no outlier: a transit in 30 min data has three. */
const RUN = 3;
/** A flare may take up this much more than what is below the median does: the transits must stay visible. */
const ABOVE_TO_BELOW = 3;
const MOST_X_TICKS = 6;
const MOST_Y_TICKS = 6;

/** Valid points only; where there is none, a line that says so. */
export function plotLightCurve(data: Plotted, { width, height, title }: PlotOptions): string[] {
  const { time, flux } = validPoints(data);
  if (time.length === 0) return ['no valid points to plot'];
  const y = fluxRange(flux);
  const yTicks = ticks(y, Math.min(MOST_Y_TICKS, height));
  const labelWidth = Math.max(...yTicks.map(({ label }) => label.length));
  const columns = Math.max(width - labelWidth - 2, 10);
  const x = widened(extent(time));
  const { cells, outside } = draw(time, flux, x, y, columns, height);
  const lines = cells.map((row, i) => {
    const tick = yTicks.find(({ value }) => rowOf(value, y, height) === i);
    return `${(tick?.label ?? '').padStart(labelWidth)} ${tick === undefined ? '│' : '┤'}${row}`.trimEnd();
  });
  const note = outside === 0 ? '' : ` (${outside} beyond the plot)`;
  return [
    title + note,
    ...lines,
    ...timeAxis(x, columns).map((line) => (' '.repeat(labelWidth + 1) + line).trimEnd()),
  ];
}

function validPoints({ time, flux, validMask }: Plotted) {
  const times: number[] = [];
  const fluxes: number[] = [];
  for (let i = 0; i < time.length; i++) {
    if (validMask[i] !== 1 || !Number.isFinite(time[i]) || !Number.isFinite(flux[i])) continue;
    times.push(time[i]);
    fluxes.push(flux[i]);
  }
  return { time: times, flux: fluxes };
}

/**
 * From the lowest to the highest run of points, so that single outliers don't flatten what there is to see, with
 * room for the noise.
 */
function fluxRange(flux: readonly number[]): Range {
  if (flux.length < 2 * RUN) return widened(extent(flux));
  const median = medianInPlace(Float64Array.from(flux));
  const room = NOISE_ROOM * pointToPointNoise(flux);
  const runs = extent(runningMedians(flux));
  const low = runs.low - room;
  return widened({ low, high: Math.min(runs.high + room, median + ABOVE_TO_BELOW * (median - low)) });
}

/** Standard deviation of one point, from the differences of neighbours: a slow variation is no noise. */
function pointToPointNoise(flux: readonly number[]): number {
  const steps = Float64Array.from(flux.slice(1), (value, i) => Math.abs(value - flux[i]));
  return (SIGMA_PER_MAD * medianInPlace(steps)) / Math.SQRT2;
}

function runningMedians(flux: readonly number[]): number[] {
  const length = 2 * RUN - 1;
  return flux
    .slice(length - 1)
    .map((_value, i) => medianInPlace(Float64Array.from(flux.slice(i, i + length))));
}

function extent(values: readonly number[]): Range {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

/** A range that is none (one point, a constant) with some room around it. */
function widened({ low, high }: Range): Range {
  if (high > low) return { low, high };
  const room = Math.abs(low) * 1e-3 || 1;
  return { low: low - room, high: low + room };
}

function draw(
  time: readonly number[],
  flux: readonly number[],
  x: Range,
  y: Range,
  columns: number,
  rows: number,
) {
  const cells = Array.from({ length: rows }, () => new Uint8Array(columns));
  let outside = 0;
  for (let i = 0; i < time.length; i++) {
    if (flux[i] < y.low || flux[i] > y.high) {
      outside++;
      continue;
    }
    const across = dotOf(time[i], x, columns * DOTS_ACROSS);
    const down = rows * DOTS_DOWN - 1 - dotOf(flux[i], y, rows * DOTS_DOWN);
    const bit = DOT_BITS[(down % DOTS_DOWN) * DOTS_ACROSS + (across % DOTS_ACROSS)];
    cells[Math.floor(down / DOTS_DOWN)][Math.floor(across / DOTS_ACROSS)] |= bit;
  }
  const text = cells.map((row) =>
    Array.from(row, (bits) => (bits === 0 ? ' ' : String.fromCharCode(BLANK + bits))).join(''),
  );
  return { cells: text, outside };
}

/** Which of `count` dots over a range a value falls on. */
function dotOf(value: number, { low, high }: Range, count: number): number {
  return Math.min(Math.floor(((value - low) / (high - low)) * count), count - 1);
}

function rowOf(value: number, range: Range, rows: number): number {
  return rows - 1 - dotOf(value, range, rows);
}

function timeAxis(x: Range, columns: number): string[] {
  const axis = Array.from({ length: columns }, () => '─');
  const labels = Array.from({ length: columns }, () => ' ');
  let free = 0;
  for (const { value, label } of ticks(x, MOST_X_TICKS)) {
    const at = dotOf(value, x, columns);
    const start = Math.max(0, Math.min(at - Math.floor(label.length / 2), columns - label.length));
    if (start < free) continue;
    axis[at] = '┬';
    labels.splice(start, label.length, ...Array.from(label));
    free = start + label.length + 2;
  }
  const title = 'BTJD, days';
  return [
    `└${axis.join('')}`,
    ` ${labels.join('')}`,
    ` ${' '.repeat(Math.max(0, Math.floor((columns - title.length) / 2)))}${title}`,
  ];
}

/** Round numbers within a range, `most` at most and all with as many decimals as they need. */
function ticks({ low, high }: Range, most: number): Tick[] {
  const step = roundStep((high - low) / most);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_none, i) => {
    const value = (first + i) * step;
    return { value, label: labelOf(value, decimals) };
  });
}

/** The smallest of 1, 2, 5, 10, 20, ... that is no smaller than `step`. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5, 10].find((each) => each * power >= step * (1 - 1e-9))!;
  return factor * power;
}

function labelOf(value: number, decimals: number): string {
  const isPlain = decimals <= 8 && Math.abs(value) < 1e9;
  return isPlain ? value.toFixed(decimals) : value.toPrecision(6);
}
