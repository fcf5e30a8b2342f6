import { create } from '@bufbuild/protobuf';
import { priceBasisFromProto, priceBasisToProto, priceTypeToProto, queryV1 } from '@tickwell/contracts';
import { TickwellError, type PriceBasis, type PriceType } from '@tickwell/domain';
import type { BackAdjustment, SeriesOptions } from './series-options.ts';
import type { IndicatorColumns } from './rows.ts';

/** What the bars are that indicators are computed over, and which values of them are wanted. */
export interface IndicatorSeriesOptions extends SeriesOptions {
  readonly interval: string;
  readonly priceType?: PriceType;
  /** Left out: stored values of one specification where the store has all of them, else computed ones. Both are the same bits. */
  readonly mode?: 'stored' | 'computed';
  /** Computed over bars of this basis, as of {@link BarOptions}. */
  readonly adjustment?: 'raw' | 'split' | 'all';
  readonly backAdjustment?: BackAdjustment;
  /** Computed over what was known of the bars at this time, ns since the epoch, as of {@link BarOptions}. */
  readonly asOfNs?: bigint;
  readonly strict?: boolean;
  /** Whose sessions count, of specifications that go by sessions; left out: that of the instrument's document. */
  readonly calendar?: string;
}

export interface IndicatorOptions extends IndicatorSeriesOptions {
  /** A specification, for example "sma(20)" or "ema(9,rsi(14))"; docs/indicators.md has them all. */
  readonly specId?: string;
  /** More of them. */
  readonly specs?: readonly string[];
}

/** Values of one specification. */
export interface IndicatorsChunk extends IndicatorColumns {
  readonly source: string;
  /** Canonical: "rsi(14,close)" of "RSI(14)". */
  readonly specId: string;
  readonly mode: 'stored' | 'computed';
  /** Start of the first bar of the series, on which values may depend; of stored values that of the first one. */
  readonly anchorNs: bigint;
  /** Of the bars that computed values are of. */
  readonly priceBasis: PriceBasis;
  /** With `asOfNs`: when the last of the bars that a value may depend on became known; later than that: one is backfilled. */
  readonly knownAtNs: readonly bigint[];
  /** Bars up to here with numbers that no indicator can use: they have no values. */
  readonly unusableBars: number;
  /** Of computed values: chunks with the same number are of the same bars; 0 of stored ones. */
  readonly batch: number;
}

const BASIS = { raw: 'raw', split: 'split-adjusted', all: 'all' } as const;

const BACK_ADJUSTMENTS: Readonly<Record<BackAdjustment, queryV1.BackAdjustment>> = {
  none: queryV1.BackAdjustment.NONE,
  difference: queryV1.BackAdjustment.DIFFERENCE,
  ratio: queryV1.BackAdjustment.RATIO,
};

const MODES = { stored: queryV1.IndicatorMode.STORED, computed: queryV1.IndicatorMode.COMPUTED } as const;

/** How prices are wanted, as requests say it. */
export function wishFields({
  adjustment,
  backAdjustment,
  asOfNs = 0n,
  strict = false,
}: Pick<IndicatorSeriesOptions, 'adjustment' | 'backAdjustment' | 'asOfNs' | 'strict'>): Partial<
  Pick<queryV1.GetBarsRequest, 'adjustment' | 'backAdjustment' | 'asOfNs' | 'strict'>
> {
  return {
    asOfNs,
    strict,
    ...(backAdjustment === undefined ? {} : { backAdjustment: BACK_ADJUSTMENTS[backAdjustment] }),
    ...(adjustment === undefined ? {} : { adjustment: priceBasisToProto(BASIS[adjustment]) }),
  };
}

export function indicatorsRequest(
  options: IndicatorOptions,
  series: Pick<queryV1.GetBarsRequest, 'symbol' | 'source' | 'limit' | 'newest'> & {
    readonly range: { readonly startNs: bigint; readonly endNs: bigint };
  },
): queryV1.GetIndicatorsRequest {
  const { interval, specId = '', specs = [], priceType = 'trade', mode, calendar = '' } = options;
  return create(queryV1.GetIndicatorsRequestSchema, {
    ...series,
    interval,
    specId,
    specs: [...specs],
    priceType: priceTypeToProto(priceType),
    calendar,
    ...wishFields(options),
    ...(mode === undefined ? {} : { mode: MODES[mode] }),
  });
}

export function indicatorsChunk(answer: queryV1.GetIndicatorsResponse): IndicatorsChunk {
  const { source, specId, startNs, warm, outputs, anchorNs, knownAtNs, unusableBars, batch } = answer;
  const { STORED, COMPUTED } = queryV1.IndicatorMode;
  if (answer.mode !== STORED && answer.mode !== COMPUTED)
    throw new TickwellError('malformed-event', `the server says mode ${answer.mode} of its values`);
  return {
    source,
    specId,
    startNs,
    warm,
    outputs,
    mode: answer.mode === STORED ? 'stored' : 'computed',
    anchorNs,
    priceBasis: priceBasisFromProto(answer.priceBasis),
    knownAtNs,
    unusableBars: Number(unusableBars),
    batch: Number(batch),
  };
}
