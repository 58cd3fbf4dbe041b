import { nominalExposure } from '../light-curve/exposure.js';
import type { LightCurveProvenance } from '../light-curve/provenance.js';
import { headerValues, numberOf, textOf, type Header } from './header.js';
import type { TessProduct } from './products.js';

/** What a reader knows when it is done. Nothing here holds the bytes of the file. */
export interface ReadFacts {
  readonly primary: Header;
  /** Header of the HDU with the light curve. */
  readonly extension: Header;
  readonly product: TessProduct;
  readonly notes: readonly string[];
  readonly requestedExptimeSeconds?: number;
  readonly selectionReason?: string;
  readonly sourceFile?: string;
  readonly sourceSha256: string;
  readonly fluxType: string;
  readonly fluxUnit?: string;
  readonly fluxErrKind: string;
  readonly qualityMask: number;
  readonly normalized: boolean;
  /** NaN where no row is valid. */
  readonly medianRawFlux: number;
  /** Measured, seconds; NaN where there are too few rows to tell. */
  readonly cadence: number;
}

const SECONDS_PER_DAY = 86_400;

/** The provenance, put together at first use: most readers of many files never ask. */
export function provenanceOf(facts: ReadFacts): () => LightCurveProvenance {
  return () => {
    const { primary, extension, product, notes } = facts;
    const headers = [primary, extension];
    const first = <T>(
      find: (header: Header, keyword: string) => T | undefined,
      keywords: readonly string[],
    ) =>
      keywords
        .flatMap((keyword) => headers.map((header) => find(header, keyword)))
        .find((v) => v !== undefined);
    const number = (...keywords: string[]) => first(numberOf, keywords);
    const timeDel = (numberOf(extension, 'TIMEDEL') ?? numberOf(primary, 'TIMEDEL') ?? NaN) * SECONDS_PER_DAY;
    return defined({
      sourceFile: facts.sourceFile,
      sourceSha256: facts.sourceSha256,
      author: product.author,
      exptimeSeconds: nominalExposure(facts.cadence) ?? nominalExposure(timeDel),
      requestedExptimeSeconds: facts.requestedExptimeSeconds,
      fluxType: facts.fluxType,
      fluxUnit: facts.fluxUnit,
      qualityMask: facts.qualityMask,
      normalized: facts.normalized,
      medianRawFlux: Number.isFinite(facts.medianRawFlux) ? facts.medianRawFlux : undefined,
      fluxErrKind: facts.fluxErrKind,
      raDeg: number('RA_OBJ'),
      decDeg: number('DEC_OBJ'),
      tessMag: first(numberOf, product.keywords.tessMag),
      camera: number('CAMERA'),
      ccd: number('CCD'),
      pipelineVersion: first(versionOf, product.keywords.pipelineVersion),
      selectionReason: facts.selectionReason,
      notes: notes.length > 0 ? notes : undefined,
      headers: { primary: headerValues(primary), light_curve: headerValues(extension) },
    });
  };
}

function versionOf(header: Header, keyword: string): string | undefined {
  return textOf(header, keyword) ?? numberOf(header, keyword)?.toString();
}

/** Without the properties that are undefined. */
function defined(provenance: LightCurveProvenance): LightCurveProvenance {
  return Object.fromEntries(Object.entries(provenance).filter(([, value]) => value !== undefined));
}
