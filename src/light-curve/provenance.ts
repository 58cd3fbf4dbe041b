/**
 * Where a light curve comes from and what was done to it. Every field is optional: a curve computed in
 * memory knows little, one read from a FITS file knows all of it.
 */

/** A value of a FITS header card. Integers beyond 2^53 are bigint; null is a card without a value. */
export type HeaderValue = string | number | bigint | boolean | null;
export type HeaderValues = Readonly<Record<string, HeaderValue>>;

export interface LightCurveProvenance {
  /** Name of the source file, without its directory: the name tells TESS-SPOC from SPOC. */
  readonly sourceFile?: string;
  /** SHA-256 of the source file's bytes as read (of the .gz file where it was compressed), hex. */
  readonly sourceSha256?: string;
  /** Who made the light curve, in lower case: `spoc`, `tess-spoc`, `qlp`, … */
  readonly author?: string;
  /** Nominal exposure time of a cadence, seconds. */
  readonly exptimeSeconds?: number;
  /** The exposure time that the caller asked for, seconds, where it asked for one. */
  readonly requestedExptimeSeconds?: number;
  /** Flux column family: `pdcsap`, `sap`, `kspsap`, … */
  readonly fluxType?: string;
  /** Unit of the flux as stored in the source file (e-/s, ADU, …). */
  readonly fluxUnit?: string;
  /** Quality bits that made a cadence invalid. */
  readonly qualityMask?: number;
  /** Whether flux and flux error were divided by `medianRawFlux`. */
  readonly normalized?: boolean;
  /** Median of the valid raw flux in `fluxUnit`, computed in float64. */
  readonly medianRawFlux?: number;
  /** `reported`, or what replaced missing errors: `estimated_missing` (1.4826 x MAD), `scaled_from_raw`. */
  readonly fluxErrKind?: string;
  /** ICRS right ascension, degrees. */
  readonly raDeg?: number;
  /** ICRS declination, degrees. */
  readonly decDeg?: number;
  /** TESS magnitude. */
  readonly tessMag?: number;
  readonly camera?: number;
  readonly ccd?: number;
  /** Version of the pipeline that made the source file (PROCVER, VERSION). */
  readonly pipelineVersion?: string;
  /** Why this file was chosen among others. */
  readonly selectionReason?: string;
  /** What the reader met and went on from: a checksum mismatch, a flux that could not be normalised. */
  readonly notes?: readonly string[];
  /** All header values of the source file, by HDU and key word. */
  readonly headers?: Readonly<Record<string, HeaderValues>>;
}
