import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { err, isAllHoursSource, ok, parseBarLength, type BarLength, type Result } from '@tickwell/domain';
import { allIndicators } from '@tickwell/indicators';
import { BEST_SOURCE } from '@tickwell/source-policy';
import { specsArgument } from '../indicators/indicator-arguments.ts';
import { symbolsArgument } from '../arguments.ts';
import { joinedSymbols } from './align-arguments.ts';
import type { KnownRows } from './as-of.ts';
import { barNumbers, barNumbersArgument, columnsToRead, type BarNumber } from './bar-numbers.ts';
import { knownFromNs } from './bar-times.ts';
import type { JoinedSeries, RowRange, SeriesCalls } from './joined-series.ts';
import { tickNumbers } from './tick-numbers.ts';

const BAR_COLUMNS: readonly BarNumber[] = ['open', 'high', 'low', 'close', 'volume'];

export function leftSeries(
  calls: SeriesCalls,
  asked: queryV1.AsOfSeries | undefined,
): Result<JoinedSeries, string> {
  if (asked === undefined) return err('left is missing: say whose rows the answer has');
  const symbols = joinedSymbols('left.symbols', asked.symbols);
  if (!symbols.ok) return symbols;
  if (asked.kind === queryV1.StreamKind.INDICATORS)
    return err('left.kind must be BARS, TRADES or QUOTES: indicators are joined from the right');
  return seriesOf(calls, 'left', asked, symbols.value);
}

export function rightSeries(
  calls: SeriesCalls,
  asked: queryV1.AsOfSeries | undefined,
): Result<JoinedSeries, string> {
  if (asked === undefined) return err('right is missing: say of what the latest row is wanted');
  if (asked.symbols.length > 1)
    return err('right.symbols names several: name none, for the symbol of each left row, or one for all');
  const symbols = symbolsArgument(asked.symbols);
  if (!symbols.ok) return err(`right.symbols: ${symbols.error}`);
  const series = seriesOf(calls, 'right', asked, symbols.value);
  if (series.ok && series.value.length?.kind === 'threshold')
    return err(
      `right.interval: ${asked.interval} bars do not say when they are over, so nobody can say since when one was known: use bars of a time`,
    );
  return series;
}

function seriesOf(
  calls: SeriesCalls,
  side: string,
  asked: queryV1.AsOfSeries,
  symbols: readonly string[],
): Result<JoinedSeries, string> {
  switch (asked.kind) {
    case queryV1.StreamKind.TRADES:
    case queryV1.StreamKind.QUOTES: {
      const ticks = tickNumbers(calls, side, asked);
      return ticks.ok ? ok({ ...ticks.value, symbols, length: undefined }) : ticks;
    }
    case queryV1.StreamKind.BARS:
      return barSeries(calls, side, asked, symbols);
    case queryV1.StreamKind.INDICATORS:
      return indicatorSeries(calls, side, asked, symbols);
    case queryV1.StreamKind.UNSPECIFIED:
    case queryV1.StreamKind.FORMING_BARS:
    default:
      return err(
        `${side}.kind ${asked.kind} must be one of STREAM_KIND_TRADES, _QUOTES, _BARS${side === 'right' ? ', _INDICATORS' : ''}`,
      );
  }
}

function lengthArgument(side: string, text: string): Result<BarLength, string> {
  if (text === '') return err(`${side}.interval is empty: say for example "1d" or "5m"`);
  const parsed = parseBarLength(text);
  return parsed.ok ? parsed : err(`${side}.interval: ${parsed.error}`);
}

function barSeries(
  { getBars }: SeriesCalls,
  side: string,
  asked: queryV1.AsOfSeries,
  symbols: readonly string[],
): Result<JoinedSeries, string> {
  const length = lengthArgument(side, asked.interval);
  if (!length.ok) return length;
  const wanted = asked.columns.length === 0 ? BAR_COLUMNS : asked.columns;
  const columns = barNumbersArgument(`${side}.columns`, wanted);
  if (!columns.ok) return columns;
  const read = async function* (range: RowRange, signal: AbortSignal): AsyncGenerator<KnownRows> {
    const request = create(queryV1.GetBarsRequestSchema, {
      ...readFields(asked, range),
      interval: asked.interval,
      columns: columnsToRead(columns.value),
    });
    for await (const { bars, source } of getBars(request, { signal })) {
      if (bars === undefined) continue;
      yield {
        timeNs: bars.startNs,
        knownNs: knownOf(length.value, bars.startNs, bars.sessionDate, source),
        columns: columns.value.map((name) => barNumbers(bars, name) ?? []),
      };
    }
  };
  const what = `${asked.interval} bars`;
  return ok({ symbols, what, columns: columns.value, length: length.value, read });
}

function indicatorSeries(
  { getIndicators }: SeriesCalls,
  side: string,
  asked: queryV1.AsOfSeries,
  symbols: readonly string[],
): Result<JoinedSeries, string> {
  const length = lengthArgument(side, asked.interval);
  if (!length.ok) return length;
  if (asked.columns.length > 0)
    return err(`${side}.columns: those of an indicator are its outputs: leave them out`);
  const specs = specsArgument(asked.specId === '' ? [] : [asked.specId], allIndicators());
  if (!specs.ok) return err(`${side}.${specs.error}`);
  const [spec] = specs.value;
  if (spec?.spec === undefined) return err(`${side}.spec_id: ${spec?.problem ?? 'is none'}`);
  const outputs = spec.spec.outputs;
  const read = async function* (range: RowRange, signal: AbortSignal): AsyncGenerator<KnownRows> {
    const request = create(queryV1.GetIndicatorsRequestSchema, {
      ...readFields(asked, range),
      interval: asked.interval,
      specId: asked.specId,
    });
    for await (const answer of getIndicators(request, { signal })) {
      yield {
        timeNs: answer.startNs,
        knownNs: knownOf(length.value, answer.startNs, [], answer.source),
        columns: outputs.map((name) => answer.outputs.find((one) => one.name === name)?.value ?? []),
      };
    }
  };
  return ok({ symbols, what: `values of ${asked.specId}`, columns: outputs, length: length.value, read });
}

/** What a request of bars or indicators takes of a side. */
function readFields(
  { source, priceType, adjustment, asOfNs, strict }: queryV1.AsOfSeries,
  { symbol, startNs, endNs, newest }: RowRange,
) {
  return {
    ...{ symbol, priceType, adjustment, asOfNs, strict },
    source: source === '' ? BEST_SOURCE : source,
    range: create(queryV1.TimeRangeSchema, { startNs, endNs }),
    limit: BigInt(newest),
    newest: newest > 0,
  };
}

/** A bar that ends by what is traded does not say when: at its start it knows less, never more. */
function knownOf(
  length: BarLength,
  startNs: readonly bigint[],
  sessionDates: readonly number[],
  source: string,
): readonly bigint[] {
  if (length.kind === 'threshold') return startNs;
  const allHours = isAllHoursSource(source);
  return startNs.map((start, row) =>
    knownFromNs(length, start, { sessionDate: sessionDates[row], allHours }),
  );
}
