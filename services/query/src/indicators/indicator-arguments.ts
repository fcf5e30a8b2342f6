import { queryV1, events } from '@tickwell/contracts';
import { err, ok, parseBarLength, type BarLength, type PriceType, type Result } from '@tickwell/domain';
import type { Registry } from '@tickwell/indicators';
import type { Adjustment } from '@tickwell/instruments';
import type { AsOf, SeriesQuery } from '@tickwell/ports';
import {
  adjustmentArgument,
  asOfArgument,
  backAdjustmentArgument,
  priceTypeArgument,
  seriesArguments,
  textArgument,
} from '../arguments.ts';
import type { WantedBasis } from '../adjustment/adjust.ts';
import { parseAskedSeries, sessionProblem, type AskedSeries } from './two-series-spec.ts';

/** Most specifications of one call. */
const MAX_SPECS = 64;

type IndicatorMode = 'auto' | 'stored' | 'computed';

/** A specification that was asked for; without `spec` it is none of ours, and `problem` says why. */
export type AskedSpec =
  AskedSeries | { readonly id: string; readonly spec?: never; readonly problem: string };

export interface IndicatorArguments {
  readonly series: SeriesQuery;
  readonly interval: BarLength;
  readonly priceType: PriceType;
  readonly asked: readonly AskedSpec[];
  readonly basis: WantedBasis | undefined;
  readonly backAdjustment: Adjustment | undefined;
  readonly asOf: AsOf | undefined;
  readonly mode: IndicatorMode;
  /** "": that of the instrument. */
  readonly calendar: string;
}

const MODES: ReadonlyMap<queryV1.IndicatorMode, IndicatorMode> = new Map([
  [queryV1.IndicatorMode.UNSPECIFIED, 'auto'],
  [queryV1.IndicatorMode.STORED, 'stored'],
  [queryV1.IndicatorMode.COMPUTED, 'computed'],
]);

export function indicatorArguments(
  request: queryV1.GetIndicatorsRequest,
  registry: Registry,
): Result<IndicatorArguments, string> {
  const series = seriesArguments(request, events.IndicatorBatchSchema);
  if (!series.ok) return series;
  if (request.interval === '') return err('interval is empty: say for example "1d" or "5m"');
  const interval = parseBarLength(request.interval);
  if (!interval.ok) return err(`interval: ${interval.error}`);
  const priceType = priceTypeArgument(request.priceType);
  if (!priceType.ok) return priceType;
  const basis = adjustmentArgument(request.adjustment);
  if (!basis.ok) return basis;
  const backAdjustment = backAdjustmentArgument(request.backAdjustment);
  if (!backAdjustment.ok) return backAdjustment;
  const asOf = asOfArgument(request.asOfNs, request.strict);
  if (!asOf.ok) return asOf;
  const mode = MODES.get(request.mode);
  if (mode === undefined)
    return err(`mode ${request.mode} is not known: use INDICATOR_MODE_STORED or _COMPUTED, or none`);
  const asked = specsArgument(
    [...(request.specId === '' ? [] : [request.specId]), ...request.specs],
    registry,
  );
  if (!asked.ok) return asked;
  const two = asked.value.find((one) => isOfTwoSeries(one));
  if (two !== undefined && series.value.source === undefined)
    return err(`${two.id} is of two series: name the source that both are of, or "best"`);
  if (two !== undefined && interval.value.kind === 'threshold')
    return err(
      `${two.id} is of two series, and ${interval.value.text} bars do not say when they are over: ask for it of bars by time, for example "1m"`,
    );
  const ofSessions = sessionProblem(asked.value, series.value.source ?? '');
  if (ofSessions !== undefined) return err(ofSessions);
  const calendar = textArgument('calendar', request.calendar);
  if (!calendar.ok) return calendar;
  return ok({
    series: series.value,
    interval: interval.value,
    priceType: priceType.value,
    basis: basis.value,
    backAdjustment: backAdjustment.value,
    asOf: asOf.value,
    asked: asked.value,
    mode,
    calendar: calendar.value,
  });
}

/** "sma(20)" names the same as "sma(20,close)", and is not asked for twice. What is no specification of ours may still be stored. */
export function specsArgument(
  texts: readonly string[],
  registry: Registry,
): Result<readonly AskedSpec[], string> {
  if (texts.length === 0) return err('spec_id is empty: name a specification, for example "sma(20,close)"');
  if (texts.length > MAX_SPECS)
    return err(`${texts.length} specifications are too many for one call: at most ${MAX_SPECS}`);
  const asked = new Map<string, AskedSpec>();
  for (const text of texts) {
    const parsed = parseAskedSeries(text, registry);
    const own: AskedSpec = parsed.ok ? parsed.value : { id: text, problem: parsed.error };
    const checked = parsed.ok ? ok(own.id) : textArgument('specification', text);
    if (!checked.ok) return checked;
    if (asked.has(own.id)) return err(`${own.id} is asked for twice: name it once`);
    asked.set(own.id, own);
  }
  return ok([...asked.values()]);
}

/** Whether it reads another series beside the one that is asked for. */
export function isOfTwoSeries(asked: AskedSpec): boolean {
  return asked.spec !== undefined && (asked.others.length > 0 || asked.interval !== undefined);
}
