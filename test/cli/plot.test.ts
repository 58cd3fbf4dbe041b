import { describe, expect, it } from 'vitest';
import { plotLightCurve } from '../../src/cli/plot.js';

interface Points {
  readonly time: readonly number[];
  readonly flux: readonly number[];
  readonly valid?: readonly number[];
}

const OPTIONS = { width: 60, height: 8, title: 'relative flux' };

function plot({ time, flux, valid = time.map(() => 1) }: Points): string[] {
  return plotLightCurve(
    {
      time: Float64Array.from(time),
      flux: Float64Array.from(flux),
      validMask: Uint8Array.from(valid),
    },
    OPTIONS,
  );
}

/** Dots in all, by the bits of the Braille characters. */
function dots(lines: readonly string[]): number {
  let sum = 0;
  for (const character of lines.join('')) {
    const code = character.charCodeAt(0);
    if (code < 0x2800 || code > 0x28ff) continue;
    for (let bits = code - 0x2800; bits > 0; bits >>= 1) sum += bits & 1;
  }
  return sum;
}

const TIMES = Array.from({ length: 500 }, (_, i) => 1325 + i * 0.05);
/** Noise that repeats: a few parts in a thousand. */
const NOISE = TIMES.map((_, i) => 1 + 0.001 * Math.sin(i * 12.9898));

describe('plotLightCurve', () => {
  it('has a title, the lines of the plot, and a time axis in BTJD', () => {
    const lines = plot({ time: TIMES, flux: NOISE });
    expect(lines).toHaveLength(1 + OPTIONS.height + 3);
    expect(lines[0]).toBe('relative flux');
    expect(lines.slice(1, 9).every((line) => /[│┤]/.test(line))).toBe(true);
    expect(lines.some((line) => line.startsWith('1.000 ┤'))).toBe(true);
    expect(lines[10].trim().split(/ +/)).toEqual(['1325', '1330', '1335', '1340', '1345']);
    expect(lines[11].trim()).toBe('BTJD, days');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(OPTIONS.width);
  });

  it('puts early points left and high ones up', () => {
    const rising = plot({ time: TIMES, flux: TIMES.map((time) => time - 1300) }).slice(1, 9);
    const first = rising.map((line) => line.slice(line.search(/[│┤]/) + 1).search(/[\u2801-\u28ff]/));
    expect(first).toEqual([...first].sort((a, b) => b - a));
    expect(first[7]).toBe(0);
    expect(first[0]).toBeGreaterThan(40);
  });

  it('shows a transit, however short it is beside the sector', () => {
    const flux = NOISE.map((value, i) => (i >= 300 && i < 304 ? value - 0.02 : value));
    const lines = plot({ time: TIMES, flux });
    expect(dots(lines.slice(7, 9))).toBeGreaterThan(0);
    expect(lines[0]).toBe('relative flux');
  });

  it('lets no outlier and no flare flatten the rest', () => {
    const flux = NOISE.map((value, i) => (i === 50 ? 0.5 : i >= 400 && i < 410 ? 3 : value));
    const lines = plot({ time: TIMES, flux });
    expect(lines[0]).toBe('relative flux (11 beyond the plot)');
    expect(dots(lines)).toBeGreaterThan(200);
  });

  it('leaves out what is not valid', () => {
    const valid = TIMES.map((_, i) => (i === 7 ? 1 : 0));
    expect(dots(plot({ time: TIMES, flux: NOISE, valid }))).toBe(1);
  });

  it.each<[string, Points]>([
    ['no points', { time: [], flux: [] }],
    ['only NaN', { time: [1325, 1326], flux: [NaN, NaN] }],
    ['no times', { time: [NaN, NaN], flux: [1, 1] }],
    ['no valid point', { time: [1325, 1326], flux: [1, 1], valid: [0, 0] }],
  ])('says so where there is nothing to plot: %s', (_what, points) => {
    expect(plot(points)).toEqual(['no valid points to plot']);
  });

  it.each<[string, Points, number]>([
    ['one point', { time: [1325], flux: [1] }, 1],
    ['a constant', { time: [1325, 1326, 1327, 1328, 1329, 1330, 1331], flux: [1, 1, 1, 1, 1, 1, 1] }, 7],
    ['zeros', { time: [1325, 1326], flux: [0, 0] }, 2],
    ['negative flux', { time: [1325, 1326], flux: [-5, -6] }, 2],
    ['huge flux', { time: [1325, 1326], flux: [1e200, 2e200] }, 2],
    ['tiny flux', { time: [1325, 1326], flux: [1e-200, 2e-200] }, 2],
  ])('draws %s', (_what, points, expected) => {
    const lines = plot(points);
    expect(dots(lines)).toBe(expected);
    expect(lines.some((line) => line.includes('┤'))).toBe(true);
  });

  it('takes a terminal that is too narrow for it', () => {
    const data = { time: Float64Array.of(1325), flux: Float64Array.of(1), validMask: Uint8Array.of(1) };
    expect(plotLightCurve(data, { width: 1, height: 1, title: '' }).length).toBeGreaterThan(0);
  });
});
