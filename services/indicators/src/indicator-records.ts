import { encodeIndicatorBatches, MAX_BATCH_EVENTS, TOPICS } from '@tickwell/contracts';
import type { Cause, Header, IndicatorBatch, PriceType } from '@tickwell/domain';
import type { Output } from '@tickwell/flow';
import type { IndicatorRow, SpecRows } from '@tickwell/indicators';
import { packForRecords, type Packed } from './outputs.ts';

/** Of which bars values are. */
export interface RecordsOf {
  readonly header: Pick<Header, 'source' | 'symbol' | 'watermarkNs' | 'priceBasis'>;
  readonly interval: string;
  readonly priceType: PriceType;
}

/** All specifications together; the last record passes the watermark on: before it that is not true yet. */
export function indicatorRecords(key: string, of: RecordsOf, all: readonly SpecRows[]): Output[] {
  const { header, interval, priceType } = of;
  const records = packForRecords(
    all.map(({ rows }) => rows),
    MAX_BATCH_EVENTS,
  );
  return records.map(({ knownAtNs, parts: [first, ...others] }, index): Output => {
    const watermarkNs = index === records.length - 1 ? header.watermarkNs : 0n;
    const part = (values: Packed<IndicatorRow>, cause: Cause): IndicatorBatch => ({
      header: { ...header, cause, knownAtNs, watermarkNs, replayOf: '' },
      interval,
      priceType,
      ...columnsOf(all[values.index]?.spec, values.items),
    });
    return {
      topic: TOPICS.indicators.name,
      key,
      type: TOPICS.indicators.type,
      source: header.source,
      encode: (cause) =>
        encodeIndicatorBatches([part(first, cause), ...others.map((values) => part(values, cause))]),
    };
  });
}

function columnsOf(
  spec: SpecRows['spec'] | undefined,
  rows: readonly IndicatorRow[],
): Pick<IndicatorBatch, 'specId' | 'startNs' | 'warm' | 'outputs'> {
  return {
    specId: spec?.id ?? '',
    startNs: rows.map((row) => row.startNs),
    warm: rows.map((row) => row.warm),
    outputs: (spec?.outputs ?? []).map((name, output) => ({
      name,
      value: rows.map((row) => row.values[output] ?? NaN),
    })),
  };
}
