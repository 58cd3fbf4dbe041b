/** FITS header cards (FITS standard 4.0, section 4): values to 80 characters each. */

const CARD = 80;
/** Characters between the quotes of a string that fits into one card. */
const LONGEST_STRING = 68;

/**
 * A number is written as the shortest decimal that reads back to it; `{ text }` is written as it stands, for
 * a form of one's own (`2000.0`, `1.5D-3`); null is a card without a value.
 * @typedef {string | number | bigint | boolean | null | { text: string }} CardValue
 */
/** @typedef {readonly [keyword: string, value: CardValue, comment?: string]} Card */

/**
 * The 80 characters of a card; a string that is too long goes on in CONTINUE cards.
 * @param {Card} card
 */
export function cardText([keyword, value, comment]) {
  const name = keyword.length > 8 ? `HIERARCH ${keyword} = ` : `${keyword.padEnd(8)}= `;
  if (typeof value === 'string') {
    const quoted = value.replaceAll("'", "''");
    if (name.length + quoted.length + 2 > CARD) return longString(name, quoted, comment);
    return withComment(`${name}'${quoted.padEnd(8)}'`.padEnd(30), comment);
  }
  return withComment(name + valueText(value).padStart(20), comment);
}

/** @param {Exclude<CardValue, string>} value */
function valueText(value) {
  if (value === null) return '';
  if (typeof value === 'boolean') return value ? 'T' : 'F';
  if (typeof value === 'object') return value.text;
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value).toUpperCase();
  // A double beyond 2^53 is a float, although it prints as an integer.
  const looksExact = Number.isInteger(value) && !Number.isSafeInteger(value) && !text.includes('E');
  return looksExact ? `${text}.0` : text;
}

/** @param {string} text @param {string} [comment] */
function withComment(text, comment) {
  return (comment === undefined ? text : `${text} / ${comment}`).slice(0, CARD).padEnd(CARD);
}

/** @param {string} name @param {string} quoted @param {string} [comment] */
function longString(name, quoted, comment) {
  let text = '';
  let start = name;
  let rest = quoted;
  while (start.length + rest.length + 2 > CARD) {
    let cut = Math.min(LONGEST_STRING, CARD - start.length - 2) - 1;
    // A doubled quote stays in one piece.
    while (rest.slice(0, cut).replaceAll("''", '').includes("'")) cut--;
    text += `${start}'${rest.slice(0, cut)}&'`.padEnd(CARD);
    rest = rest.slice(cut);
    start = 'CONTINUE  ';
  }
  return text + withComment(`${start}'${rest}'`, comment);
}

/**
 * All cards and END, not yet filled to a whole block.
 * @param {readonly Card[]} cards
 */
export function headerText(cards) {
  return cards.map(cardText).join('') + 'END'.padEnd(CARD);
}
