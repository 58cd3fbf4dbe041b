/**
 * How long the torture is, and what came of it. `npm run torture` runs the same tests as CI does, longer, and
 * prints the figures that stand in docs/reliability.md.
 */
import { appendFileSync } from 'node:fs';

export const isLong = process.env.TESS_CACHE_TORTURE === 'long';

/** Where the figures go; nowhere, unless somebody asks for them. */
const FIGURES = process.env.TESS_CACHE_FIGURES;

/** Of several reports of one name the last counts. */
export function report(name: string, figures: Readonly<Record<string, number | string>>): void {
  if (FIGURES !== undefined) appendFileSync(FIGURES, `${JSON.stringify({ name, ...figures })}\n`);
}
