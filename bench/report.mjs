// Figures as tables: for the terminal, and in Markdown for results.md (which is also readable as it is).
import { median, quantile } from './measure.mjs';

/**
 * @typedef {object} Table
 * @property {string} title
 * @property {Map<string, number[]>} times microseconds by name; the first is the baseline
 * @property {string} [subject] the row that the others are compared with
 * @property {string[]} [notes]
 */
/**
 * @typedef {object} Goal
 * @property {string} goal in the words of the issue
 * @property {string} found the figure
 * @property {boolean} [met] undefined where it was not measured
 */

export function renderTable({ title, times, subject, notes = [] }) {
  const [[baseline, baselineTimes]] = times;
  const base = median(baselineTimes);
  const own = subject === undefined ? undefined : median(times.get(subject));
  const rows = [['', 'median', 'p95', `x ${baseline}`, ...(own === undefined ? [] : [`${subject} is`])]];
  for (const [name, taken] of times) {
    if (taken.length === 0) continue;
    const middle = median(taken);
    const row = [name, duration(middle), duration(quantile(taken, 0.95)), ratio(middle / base)];
    if (own !== undefined) row.push(name === subject ? '' : comparison(middle / own));
    rows.push(row);
  }
  return [`### ${title}`, '', ...grid(rows), ...notes.flatMap((note) => ['', note]), ''].join('\n');
}

/** @param {Goal[]} goals */
export function renderGoals(goals) {
  const verdict = ({ met }) => (met === undefined ? 'not measured' : met ? 'met' : '**not met**');
  const rows = goals.map((goal) => [goal.goal, goal.found, verdict(goal)]);
  return grid([['goal', 'measured', ''], ...rows], 1).join('\n');
}

/** @param {Map<string, string>} skipped */
export function renderSkipped(skipped) {
  return [...skipped].map(([name, reason]) => `- ${name}: skipped. ${reason}`).join('\n');
}

export function renderHeader(facts) {
  return facts.map(([name, value]) => `- ${name}: ${value}`).join('\n');
}

/** The goal that `a` takes at most `limit` times as long as `b`. */
export function ratioGoal(goal, a, b, limit) {
  const found = median(a) / median(b);
  return {
    goal,
    found: `${found.toFixed(2)} x (${duration(median(a))} : ${duration(median(b))})`,
    met: found <= limit,
  };
}

/** The goal that one figure is at most `limit`, both in microseconds. */
export function limitGoal(goal, found, limit) {
  return { goal, found: duration(found), met: found <= limit };
}

/** The goal to be ahead of every one of these rows; those are named that are not behind. */
export function aheadGoal(goal, times, subject, rivals) {
  const own = median(times.get(subject));
  const measured = rivals.filter((name) => times.get(name)?.length > 0);
  const ahead = measured.filter((name) => median(times.get(name)) < own);
  const list = (names) => names.map((name) => `${name} ${duration(median(times.get(name)))}`).join(', ');
  const found =
    ahead.length > 0 ? `${duration(own)}, behind ${list(ahead)}` : `${duration(own)}; ${list(measured)}`;
  return { goal, found, met: measured.length === 0 ? undefined : ahead.length === 0 };
}

export function unmeasured(goal, reason) {
  return { goal, found: reason, met: undefined };
}

/** Microseconds in a unit that suits their size. */
export function duration(microseconds) {
  if (microseconds < 1) return `${significant(microseconds * 1000)} ns`;
  if (microseconds < 1000) return `${significant(microseconds)} us`;
  if (microseconds < 1e6) return `${significant(microseconds / 1000)} ms`;
  return `${significant(microseconds / 1e6)} s`;
}

function ratio(value) {
  return value.toFixed(2);
}

function comparison(value) {
  return value >= 1 ? `${significant(value)} x faster` : `${significant(1 / value)} x slower`;
}

function significant(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** Rows as a Markdown table whose columns also stand straight in plain text; numbers to the right. */
function grid(rows, textColumns = 1) {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (row) =>
    `| ${row.map((cell, i) => (i < textColumns + (rows[0].length === 3 ? 2 : 0) ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)];
}
