import { toBarColumns, type Bar } from '@tickwell/bars';
import {
  differenceClassToProto,
  encodeBarBatch,
  encodeMessage,
  events,
  headerToProto,
  MAX_BATCH_EVENTS,
  priceBasisToProto,
  priceTypeToProto,
  TOPICS,
} from '@tickwell/contracts';
import type { Header, Interval, PriceType } from '@tickwell/domain';
import type { Output } from '@tickwell/flow';
import {
  RECONCILED_SOURCE,
  type BarDecision,
  type PublishedBar,
  type SourceBar,
} from '@tickwell/reconciliation';

/** A decision has a few hundred bytes, more with many sources. */
const MAX_DECISIONS = 100;

/** The series that outputs are of. */
export interface OutputSeries {
  readonly key: string;
  readonly symbol: string;
  readonly interval: Interval;
  readonly priceType: PriceType;
  readonly policy: string;
}

export function decisionRecords(series: OutputSeries, decisions: readonly BarDecision[]): Output[] {
  const records: Output[] = [];
  for (let at = 0; at < decisions.length; at += MAX_DECISIONS) {
    const some = decisions.slice(at, at + MAX_DECISIONS);
    const knownAtNs = some.reduce((last, one) => (one.knownAtNs > last ? one.knownAtNs : last), 0n);
    records.push({
      topic: TOPICS.reconciliations.name,
      key: series.key,
      type: TOPICS.reconciliations.type,
      source: RECONCILED_SOURCE,
      encode: (cause) =>
        encodeMessage(events.ReconciliationBatchSchema, {
          header: headerToProto({ ...headerOf(series, knownAtNs), cause }),
          interval: series.interval.text,
          priceType: priceTypeToProto(series.priceType),
          policy: series.policy,
          decisions: some.map(decisionMessage),
        }),
    });
  }
  return records;
}

function decisionMessage(
  decision: BarDecision,
): Parameters<typeof encodeMessage<typeof events.ReconciliationSchema>>[1] {
  const { startNs, knownAtNs, winner, reason, published, bars, missing, differences } = decision;
  return {
    startNs,
    knownAtNs,
    differenceClass: differenceClassToProto(decision.class),
    winner: winner?.source ?? '',
    reason,
    published,
    bars: bars.map(({ source, priceBasis, open, high, low, close, volume, ...bar }) => ({
      source,
      knownAtNs: bar.knownAtNs,
      priceBasis: priceBasisToProto(priceBasis),
      open,
      high,
      low,
      close,
      volume,
    })),
    missing: [...missing],
    differences: differences.map(({ field, source, value, against, againstValue, ...one }) => ({
      field,
      source,
      value,
      against,
      againstValue,
      differenceClass: differenceClassToProto(one.class),
    })),
  };
}

/** Records of the reconciled series; each holds bars that became known at one time, on one basis. */
export function barRecords(series: OutputSeries, published: readonly PublishedBar[]): Output[] {
  return piecesOf(published).map((bars): Output => {
    const [first] = bars;
    const header = headerOf(series, first?.knownAtNs ?? 0n, first);
    return {
      topic: TOPICS.bars.name,
      key: series.key,
      type: TOPICS.bars.type,
      source: RECONCILED_SOURCE,
      encode: (cause) =>
        encodeBarBatch({
          header: { ...header, cause },
          interval: series.interval.text,
          priceType: series.priceType,
          bars: toBarColumns(series.interval, bars.map(barOf)),
          positions: [],
        }),
    };
  });
}

/** Runs of bars that one record can hold, in their order. */
function piecesOf(published: readonly PublishedBar[]): readonly (readonly PublishedBar[])[] {
  const pieces: PublishedBar[][] = [];
  for (const bar of published) {
    const piece = pieces.at(-1);
    const [first] = piece ?? [];
    const fits =
      first !== undefined &&
      piece !== undefined &&
      piece.length < MAX_BATCH_EVENTS &&
      first.knownAtNs === bar.knownAtNs &&
      first.priceBasis === bar.priceBasis &&
      Number.isNaN(first.tradeCount) === Number.isNaN(bar.tradeCount);
    if (fits) piece.push(bar);
    else pieces.push([bar]);
  }
  return pieces;
}

function barOf({ startNs, knownAtNs, open, high, low, close, volume, vwap, tradeCount }: PublishedBar): Bar {
  const values = { startNs, knownAtNs, open, high, low, close, volume, vwap, tradeCount };
  return { ...values, corrected: false, partial: false };
}

function headerOf(
  { symbol }: OutputSeries,
  knownAtNs: bigint,
  bar?: Pick<SourceBar, 'priceBasis'>,
): Omit<Header, 'cause'> {
  return {
    source: RECONCILED_SOURCE,
    symbol,
    knownAtNs,
    // Another source may still bring what is before.
    watermarkNs: 0n,
    replayOf: '',
    priceBasis: bar?.priceBasis ?? 'unspecified',
  };
}
