import type { Calendar } from '@tickwell/calendar';
import { create } from '@bufbuild/protobuf';
import { priceTypeToProto, queryV1 } from '@tickwell/contracts';
import { intervalStartNs, parseInterval, type Interval, type PriceType } from '@tickwell/domain';
import type { QualityReader } from '@tickwell/ports';
import type { BookEntry } from './freshness-book.ts';
import type { InstrumentCalendars } from './instrument-calendars.ts';

const DAY_NS = 86_400_000_000_000n;
/** Of bars within a day; what is asked for beyond is left out at the old end. */
const MAX_INTRADAY_NS = 31n * DAY_NS;
const MAX_WORST = 20;

interface Span {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

interface SeriesShare {
  readonly source: string;
  readonly symbol: string;
  readonly interval: string;
  readonly priceType: PriceType;
  readonly expected: number;
  readonly arrived: number;
}

/** Series that are counted by one statement: they want the same bars. */
interface Group {
  readonly calendar: Calendar;
  readonly interval: Interval;
  readonly priceType: PriceType;
  readonly members: BookEntry[];
}

/**
 * How complete the bars of sources are: by one count per calendar, interval and price type, whatever the number of symbols. Gaps and
 * days are coverage's.
 */
export class CompletenessReader {
  readonly #reader: Pick<QualityReader, 'barCounts'>;
  readonly #calendars: Pick<InstrumentCalendars, 'of'>;

  constructor(reader: Pick<QualityReader, 'barCounts'>, calendars: Pick<InstrumentCalendars, 'of'>) {
    this.#reader = reader;
    this.#calendars = calendars;
  }

  /** By source, of the series that are there; `source`: of that one alone. Bars that are not over at `nowNs` are not expected. */
  async read(
    entries: readonly BookEntry[],
    of: Span & { readonly nowNs: bigint; readonly source: string },
  ): Promise<ReadonlyMap<string, queryV1.Completeness>> {
    const { groups, unjudged } = this.#group(entries);
    const shares: SeriesShare[] = [];
    for (const group of groups) {
      const wanted = wantedOf(group, of);
      if (wanted === undefined) unjudged.push(...group.members);
      else shares.push(...(await this.#share(group, wanted, of.source)));
    }
    const sources = new Set([...shares, ...unjudged].map(({ source }) => source));
    return new Map(
      [...sources].map((source) => [
        source,
        completenessMessage(
          shares.filter((one) => one.source === source),
          unjudged.filter((one) => one.source === source).length,
        ),
      ]),
    );
  }

  #group(entries: readonly BookEntry[]): { groups: readonly Group[]; unjudged: BookEntry[] } {
    const groups = new Map<string, Group>();
    const unjudged: BookEntry[] = [];
    for (const entry of entries) {
      if (entry.kind !== 'bars') continue;
      const interval = parseInterval(entry.interval);
      const calendar = this.#calendars.of(entry.symbol, '');
      if (!interval.ok || !calendar.ok) {
        unjudged.push(entry);
        continue;
      }
      const key = `${calendar.value.id}\n${entry.interval}\n${entry.priceType}`;
      const group = groups.get(key) ?? {
        calendar: calendar.value,
        interval: interval.value,
        priceType: entry.priceType,
        members: [],
      };
      group.members.push(entry);
      groups.set(key, group);
    }
    return { groups: [...groups.values()], unjudged };
  }

  async #share(
    { interval, priceType, members }: Group,
    { spans, expected }: Wanted,
    source: string,
  ): Promise<readonly SeriesShare[]> {
    const counts = await this.#reader.barCounts({
      interval: interval.text,
      priceType,
      spans,
      ...(source === '' ? {} : { source }),
    });
    const bars = new Map(counts.map((one) => [`${one.symbol}\n${one.source}`, one.bars]));
    return members.map(({ symbol, source: of }) => ({
      source: of,
      symbol,
      interval: interval.text,
      priceType,
      expected,
      // What is not on the grid of the interval must not make up for what is missing.
      arrived: Math.min(expected, bars.get(`${symbol}\n${of}`) ?? 0),
    }));
  }
}

interface Wanted {
  readonly spans: readonly Span[];
  readonly expected: number;
}

/** Undefined: the calendar does not know the range. */
function wantedOf(
  { calendar, interval }: Group,
  { startNs, endNs, nowNs }: Span & { readonly nowNs: bigint },
): Wanted | undefined {
  const overNs = intervalStartNs(interval, nowNs);
  const toNs = endNs < overNs ? endNs : overNs;
  const isPartOfDay = interval.kind === 'fixed' && interval.lengthNs < DAY_NS;
  const fromNs = isPartOfDay && toNs - startNs > MAX_INTRADAY_NS ? toNs - MAX_INTRADAY_NS : startNs;
  if (fromNs >= toNs) return { spans: [], expected: 0 };
  const runs = calendar.expectedRuns(interval, fromNs, toNs);
  if (!runs.ok) return undefined;
  const spans: Span[] = [];
  let expected = 0;
  for (const { startNs: first, count, stepNs } of runs.value) {
    spans.push({ startNs: first, endNs: first + BigInt(count - 1) * stepNs + 1n });
    expected += count;
  }
  return { spans, expected };
}

function completenessMessage(shares: readonly SeriesShare[], unjudged: number): queryV1.Completeness {
  const expected = shares.reduce((sum, one) => sum + one.expected, 0);
  const arrived = shares.reduce((sum, one) => sum + one.arrived, 0);
  const worst = shares
    .filter((one) => one.arrived < one.expected)
    .sort((a, b) => a.arrived / a.expected - b.arrived / b.expected)
    .slice(0, MAX_WORST);
  return create(queryV1.CompletenessSchema, {
    expected: BigInt(expected),
    arrived: BigInt(arrived),
    series: BigInt(shares.length),
    unjudged: BigInt(unjudged),
    ...(expected === 0 ? {} : { share: arrived / expected }),
    worst: worst.map(({ symbol, interval, priceType, expected: wanted, arrived: there }) =>
      create(queryV1.SeriesCompletenessSchema, {
        symbol,
        interval,
        priceType: priceTypeToProto(priceType),
        expected: BigInt(wanted),
        arrived: BigInt(there),
      }),
    ),
  });
}
