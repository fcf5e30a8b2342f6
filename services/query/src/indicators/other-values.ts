import { intervalEndNs, TickwellError, type BarLength } from '@tickwell/domain';
import type { Indicator, IndicatorInput } from '@tickwell/indicators';
import type { BarQuery } from '@tickwell/ports';
import { BAR_COLUMNS, type ReadBars, type SeriesChunk } from './read-bars.ts';
import { OtherInstrument, OtherInterval } from './other-series.ts';
import { seriesOf } from './series-of.ts';
import { sessionProblem, type AskedSeries } from './two-series-spec.ts';

/** Every other series that specifications need, read side by side with the own one; memory: a chunk of each. */
export class OtherValues {
  readonly #interval: BarLength;
  readonly #instruments = new Map<string, OtherInstrument>();
  readonly #intervals = new Map<
    string,
    { readonly series: OtherInterval; readonly ids: readonly string[] }
  >();

  constructor(
    read: ReadBars,
    {
      query,
      interval,
      asked,
    }: { readonly query: BarQuery; readonly interval: BarLength; readonly asked: readonly AskedSeries[] },
  ) {
    this.#interval = interval;
    const whole = { ...seriesOf(query), columns: BAR_COLUMNS };
    for (const symbol of new Set(asked.flatMap(({ others }) => others.map((one) => one.symbol))))
      this.#instruments.set(symbol, new OtherInstrument(read({ ...whole, symbol })));
    const held = asked.filter((one) => one.interval !== undefined);
    for (const [text, specs] of Map.groupBy(held, (one) => one.interval?.text ?? '')) {
      const [first] = specs;
      if (first?.interval === undefined) continue;
      const chunks = byUtc(read({ ...whole, interval: text }), specs);
      const series = new OtherInterval(
        chunks,
        first.interval,
        specs.map(({ spec }) => spec),
      );
      this.#intervals.set(text, { series, ids: specs.map(({ id }) => id) });
    }
  }

  /** Brings all of them to a bar of the own series: other instruments to its start, other intervals to its end. */
  seek(startNs: bigint): Promise<unknown> | undefined {
    if (this.#instruments.size === 0 && this.#intervals.size === 0) return undefined;
    // A bar that ends by what is traded does not say when: at its start it knows less, never more.
    const endNs = this.#interval.kind === 'threshold' ? startNs : intervalEndNs(this.#interval, startNs);
    const waits = [
      ...[...this.#instruments.values()].map((one) => one.seek(startNs)),
      ...[...this.#intervals.values()].map(({ series }) => series.seek(endNs)),
    ].filter((wait) => wait !== undefined);
    return waits.length === 0 ? undefined : Promise.all(waits);
  }

  /** Of another instrument the bar of this start. */
  barOf(symbol: string, startNs: bigint): IndicatorInput | undefined {
    return this.#instruments.get(symbol)?.at(startNs);
  }

  /** The indicator of another interval, as of the bar last sought. */
  heldBy({ id, interval }: AskedSeries): Indicator | undefined {
    const held = this.#intervals.get(interval?.text ?? '');
    return held?.series.indicators[held.ids.indexOf(id)];
  }

  /** When the last of the bars became known that specifications may depend on. */
  knownAtNs({ others, interval }: AskedSeries): bigint {
    const times = [
      ...others.map(({ symbol }) => this.#instruments.get(symbol)?.knownAtNs ?? 0n),
      ...(interval === undefined ? [] : [this.#intervals.get(interval.text)?.series.knownAtNs ?? 0n]),
    ];
    return times.reduce((latest, time) => (time > latest ? time : latest), 0n);
  }

  async close(): Promise<void> {
    const intervals = [...this.#intervals.values()].map(({ series }) => series);
    await Promise.all([...this.#instruments.values(), ...intervals].map((one) => one.close()));
  }
}

/** The chunks; "best" may bring bars by sessions, which are refused. */
export async function* byUtc(
  chunks: AsyncIterable<SeriesChunk>,
  asked: readonly AskedSeries[],
): AsyncGenerator<SeriesChunk> {
  for await (const chunk of chunks) {
    const problem = sessionProblem(asked, chunk.source);
    if (problem !== undefined) throw new TickwellError('failed-precondition', problem);
    yield chunk;
  }
}
