import {
  DEFAULT_AUTHOR,
  DEFAULT_EXPTIME_SECONDS,
  DEFAULT_FLUX_TYPE,
  makeDataRef,
  type DataRef,
} from '../ref/data-ref.js';
import { nominalExposure } from './exposure.js';
import type { LightCurveData } from './light-curve-data.js';

/**
 * The data ref that names `data`: flux type, author and exposure time from its provenance; where that is
 * silent, the exposure time from the cadence and the rest from the defaults.
 *
 * @throws TessCacheError BAD_ARGUMENT where an id can't stand in a ref
 */
export function dataRefOf(data: LightCurveData, fluxType?: string): DataRef {
  const { provenance } = data;
  return makeDataRef(data.ticId, data.sector, fluxType ?? provenance?.fluxType ?? DEFAULT_FLUX_TYPE, {
    author: provenance?.author ?? DEFAULT_AUTHOR,
    exptimeSeconds:
      provenance?.exptimeSeconds ?? nominalExposure(data.cadenceSeconds) ?? DEFAULT_EXPTIME_SECONDS,
  });
}

/** What there is to say of a light curve without its arrays: small, and safe in an API response. */
export class LightCurveRef {
  private constructor(
    readonly dataRef: DataRef,
    readonly ticId: number,
    readonly sector: number,
    readonly fluxType: string,
    /** Seconds; NaN where unknown. */
    readonly cadenceSeconds: number,
    readonly nPoints: number,
    readonly nValid: number,
    readonly durationDays: number,
    /** NaN where no row is valid. */
    readonly medianFlux: number,
    /** NaN where no row is valid. */
    readonly fluxStd: number,
    readonly gapFraction: number,
    readonly qualityFlagsPresent: readonly number[],
  ) {}

  /** @param fluxType that of the data's provenance, or `pdcsap`, unless given */
  static fromData(data: LightCurveData, fluxType?: string): LightCurveRef {
    return new LightCurveRef(
      dataRefOf(data, fluxType),
      data.ticId,
      data.sector,
      (fluxType ?? data.provenance?.fluxType ?? DEFAULT_FLUX_TYPE).toLowerCase(),
      data.cadenceSeconds,
      data.nPoints,
      data.nValid,
      data.durationDays,
      data.medianFlux,
      data.fluxStd,
      data.gapFraction,
      data.qualityFlagsPresent,
    );
  }

  /** In snake_case, as Python tools read it; what is NaN becomes null. */
  toJSON(): Record<string, unknown> {
    return {
      data_ref: this.dataRef,
      tic_id: this.ticId,
      sector: this.sector,
      flux_type: this.fluxType,
      ...summaryOf(this),
    };
  }
}

type Summarized = Pick<
  LightCurveData,
  'nPoints' | 'nValid' | 'durationDays' | 'medianFlux' | 'fluxStd' | 'gapFraction' | 'cadenceSeconds'
> & { readonly qualityFlagsPresent: readonly number[] };

/** The derived numbers of a light curve in snake_case; what is NaN becomes null, as JSON has no NaN. */
export function summaryOf(data: Summarized): Record<string, number | null | readonly number[]> {
  return {
    n_points: data.nPoints,
    n_valid: data.nValid,
    duration_days: data.durationDays,
    median_flux: finiteOrNull(data.medianFlux),
    flux_std: finiteOrNull(data.fluxStd),
    gap_fraction: data.gapFraction,
    cadence_seconds: finiteOrNull(data.cadenceSeconds),
    quality_flags_present: data.qualityFlagsPresent,
  };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
