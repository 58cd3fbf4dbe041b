/**
 * Nominal exposure times of TESS, seconds: 20 and 120 (targets), full-frame images of the prime (1800), first
 * (600) and second (200) extended missions.
 */
const NOMINAL_SECONDS = [20, 120, 200, 600, 1800] as const;

/**
 * Two times for one cadence agree within 10 %: a barycentric correction changes the step by less than 0.02 %,
 * and the nearest nominal times differ by 67 %.
 */
const TOLERANCE = 0.1;

export function exposureAgrees(cadenceSeconds: number, exptimeSeconds: number): boolean {
  return Math.abs(cadenceSeconds - exptimeSeconds) <= TOLERANCE * exptimeSeconds;
}

/**
 * The nominal exposure time that a measured cadence belongs to: one of the mission's, or else the cadence
 * rounded to a tenth of a second; undefined where the cadence is unknown (NaN) or rounds to nothing.
 */
export function nominalExposure(cadenceSeconds: number): number | undefined {
  const nominal = NOMINAL_SECONDS.find((seconds) => exposureAgrees(cadenceSeconds, seconds));
  if (nominal !== undefined) return nominal;
  const rounded = Math.round(cadenceSeconds * 10) / 10;
  return rounded > 0 && Number.isFinite(rounded) ? rounded : undefined;
}
