import { encodeIndicatorBatches } from '@tickwell/contracts';
import type { Header, IndicatorBatch } from '@tickwell/domain';
import type { IndicatorRow, SpecRows } from '@tickwell/indicators';
import { batchResponse, type Position } from '../response.ts';
import type { SeriesName } from './series-values.ts';

/** Computed values ready to be sent. */
export interface ValueMessages {
  readonly messages: readonly Uint8Array[];
  readonly events: number;
}

/** Values as SubscribeResponses: one per time at which they became known, as that is said once a message; the first has the position. */
export function valueMessages(
  name: SeriesName,
  header: Header,
  values: readonly SpecRows[],
  position: Position | undefined,
): ValueMessages {
  const knownTimes = new Set(values.flatMap(({ rows }) => rows.map(({ knownAtNs }) => knownAtNs)));
  const messages: Uint8Array[] = [];
  let events = 0;
  for (const knownAtNs of [...knownTimes].sort((a, b) => (a < b ? -1 : 1))) {
    const known = values.map(({ spec, rows }) => ({
      spec,
      rows: rows.filter((row) => row.knownAtNs === knownAtNs),
    }));
    const message = valueMessage(
      name,
      { ...header, knownAtNs },
      known,
      messages.length === 0 ? position : undefined,
    );
    messages.push(...message.messages);
    events += message.events;
  }
  return { messages, events };
}

/** As {@link valueMessages}, all of them in one. */
export function valueMessage(
  { interval, priceType }: SeriesName,
  header: Header,
  values: readonly SpecRows[],
  position?: Position,
): ValueMessages {
  const of = { header: { ...header, replayOf: '' }, interval, priceType };
  const batches = values.flatMap(({ spec, rows }): IndicatorBatch[] =>
    rows.length === 0 ? [] : [{ ...of, specId: spec.id, ...columnsOf(spec.outputs, rows) }],
  );
  const [first, ...more] = batches;
  if (first === undefined) return { messages: [], events: 0 };
  const events = batches.reduce((sum, { startNs }) => sum + startNs.length, 0);
  return {
    messages: [batchResponse('indicators', encodeIndicatorBatches([first, ...more]), position)],
    events,
  };
}

function columnsOf(
  outputs: readonly string[],
  rows: readonly IndicatorRow[],
): Pick<IndicatorBatch, 'startNs' | 'warm' | 'outputs'> {
  return {
    startNs: rows.map(({ startNs }) => startNs),
    warm: rows.map(({ warm }) => warm),
    outputs: outputs.map((name, at) => ({ name, value: rows.map(({ values }) => values[at] ?? Number.NaN) })),
  };
}

export function rowsSince(values: readonly SpecRows[], sinceNs: bigint | undefined): readonly SpecRows[] {
  if (sinceNs === undefined) return values;
  return values.map(({ spec, rows }) => ({ spec, rows: rows.filter(({ startNs }) => startNs >= sinceNs) }));
}
