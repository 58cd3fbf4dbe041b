// How costs grow with size, as SVG: a panel for each operation, both axes logarithmic.

const PANEL = { width: 380, height: 270, left: 62, right: 14, top: 34, bottom: 40 };
const COLUMNS = 2;
const MARGIN = 14;
const LEGEND_LINE = 20;
const SUBJECT = 'tess-cache';
/** Apart from each other for colour-blind readers too (Okabe and Ito); each has a mark of its own besides. */
const COLOURS = ['#d55e00', '#0072b2', '#009e73', '#cc79a7', '#8a6d00', '#56b4e9', '#555555'];
const MARKS = ['circle', 'square', 'triangle', 'diamond', 'cross', 'circle', 'square'];
const UNITS = [
  [1, 'µs'],
  [1e3, 'ms'],
  [1e6, 's'],
];

/** @param {{ series: Record<string, Record<string, [number, number][]>>, machine: [string, string][] }} data */
export function plot({ series, machine, valueBytes }) {
  const names = [...new Set(Object.values(series).flatMap((lines) => Object.keys(lines)))];
  const styles = new Map(names.map((name, i) => [name, { colour: COLOURS[i], mark: MARKS[i] }]));
  const panels = Object.entries(series);
  const head = 50 + LEGEND_LINE * Math.ceil(names.length / 4);
  const width = COLUMNS * PANEL.width + 2 * MARGIN;
  const height = head + Math.ceil(panels.length / COLUMNS) * PANEL.height + MARGIN;
  const facts = new Map(machine);
  const subtitle = `Median time of one operation, values of ${valueBytes} bytes. Node ${facts.get('Node')}, ${facts.get('processor')}, commit ${facts.get('commit')}.`;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#222">`,
    '<title>How the cost of get, put, evicting put and listing grows with the number of entries</title>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(MARGIN, 22, 'How the cost grows with the number of entries', 'font-size="16" font-weight="600"'),
    text(MARGIN, 40, subtitle, 'fill="#555"'),
    ...legend(names, styles),
    ...panels.map(([operation, lines], i) => {
      const x = MARGIN + (i % COLUMNS) * PANEL.width;
      const y = head + Math.floor(i / COLUMNS) * PANEL.height;
      return `<g transform="translate(${x} ${y})">\n${panel(operation, lines, styles, series)}\n</g>`;
    }),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function legend(names, styles) {
  return names.flatMap((name, i) => {
    const x = MARGIN + 8 + (i % 4) * 190;
    const y = 60 + Math.floor(i / 4) * LEGEND_LINE;
    const { colour, mark } = styles.get(name);
    const weight = name === SUBJECT ? 'font-weight="600"' : '';
    const short = name.replace(/ \+ .*/, ' (SQLite)').replace(' (in memory)', '');
    return [drawMark(mark, x, y - 4, colour), text(x + 12, y, short, weight)];
  });
}

function panel(operation, lines, styles, all) {
  const points = Object.values(lines).flat();
  const sizes = Object.values(all).flatMap((one) =>
    Object.values(one)
      .flat()
      .map(([size]) => size),
  );
  const xRange = [Math.log10(Math.min(...sizes)), Math.log10(Math.max(...sizes))];
  const times = points.map(([, time]) => Math.log10(time));
  const yRange = [Math.floor(Math.min(...times)), Math.ceil(Math.max(...times))];
  const inner = {
    width: PANEL.width - PANEL.left - PANEL.right,
    height: PANEL.height - PANEL.top - PANEL.bottom,
  };
  const x = (size) => PANEL.left + (inner.width * (Math.log10(size) - xRange[0])) / (xRange[1] - xRange[0]);
  const y = (time) =>
    PANEL.top + inner.height * (1 - (Math.log10(time) - yRange[0]) / (yRange[1] - yRange[0]));
  const parts = [text(PANEL.left, PANEL.top - 12, operation, 'font-weight="600"')];
  for (let power = yRange[0]; power <= yRange[1]; power++) {
    const at = round(y(10 ** power));
    parts.push(line(PANEL.left, at, PANEL.width - PANEL.right, at));
    parts.push(text(PANEL.left - 8, at + 4, timeLabel(power), 'text-anchor="end" fill="#555"'));
  }
  for (let power = Math.ceil(xRange[0]); power <= xRange[1]; power++) {
    const at = round(x(10 ** power));
    parts.push(line(at, PANEL.top, at, PANEL.height - PANEL.bottom));
    const label = `10<tspan dy="-5" font-size="9">${power}</tspan>`;
    parts.push(
      `<text x="${at}" y="${PANEL.height - PANEL.bottom + 18}" text-anchor="middle" fill="#555">${label}</text>`,
    );
  }
  const middle = PANEL.left + inner.width / 2;
  parts.push(text(middle, PANEL.height - 6, 'entries', 'text-anchor="middle" fill="#555"'));
  // Ours last, so that it lies on top.
  const ordered = Object.entries(lines).sort(([a], [b]) => Number(a === SUBJECT) - Number(b === SUBJECT));
  for (const [name, values] of ordered) {
    const { colour, mark } = styles.get(name);
    const path = values.map(([size, time]) => `${round(x(size))},${round(y(time))}`).join(' ');
    const stroke = name === SUBJECT ? 2.5 : 1.5;
    parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${stroke}"/>`);
    for (const [size, time] of values) parts.push(drawMark(mark, x(size), y(time), colour));
  }
  return parts.join('\n');
}

function drawMark(mark, x, y, colour) {
  const [cx, cy] = [round(x), round(y)];
  const fill = `fill="${colour}"`;
  switch (mark) {
    case 'square':
      return `<rect x="${cx - 3.5}" y="${cy - 3.5}" width="7" height="7" ${fill}/>`;
    case 'triangle':
      return `<path d="M${cx} ${cy - 4.5}l4.5 8h-9z" ${fill}/>`;
    case 'diamond':
      return `<path d="M${cx} ${cy - 5}l5 5-5 5-5-5z" ${fill}/>`;
    case 'cross':
      return `<path d="M${cx - 4} ${cy - 4}l8 8m0-8l-8 8" stroke="${colour}" stroke-width="2"/>`;
    default:
      return `<circle cx="${cx}" cy="${cy}" r="4" ${fill}/>`;
  }
}

function line(x1, y1, x2, y2) {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#e2e2e2"/>`;
}

function text(x, y, content, attributes = '') {
  return `<text x="${x}" y="${y}" ${attributes}>${content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;
}

function timeLabel(power) {
  const microseconds = 10 ** power;
  if (microseconds < 1) return `${round(microseconds * 1000)} ns`;
  const [size, unit] = UNITS.findLast(([least]) => microseconds >= least);
  return `${round(microseconds / size)} ${unit}`;
}

function round(value) {
  return Math.round(value * 10) / 10;
}
