import { TickwellError } from '@tickwell/domain';
import { encoded, newestOfEach, seriesOf, type MarketEvents } from './market-events.ts';
import { snapshotResponse } from './response.ts';
import { MAX_SERIES } from './store-history.ts';

interface Newest {
  readonly timeNs: bigint;
  readonly events: MarketEvents;
}

/**
 * The newest event of each series (symbol, source, kind, interval, price type, specification) of all that it was given: of the greatest event time, and of
 * those of one time the one that was given last, as in GetLatest.
 */
export class Snapshot {
  readonly #series = new Map<string, Newest>();
  readonly #untilNs: bigint | undefined;

  /** @param untilNs events at or after it do not count */
  constructor(untilNs: bigint | undefined) {
    this.#untilNs = untilNs;
  }

  get size(): number {
    return this.#series.size;
  }

  /** Throws `limit-exceeded` where there are more series than one subscription may bring. */
  take(events: MarketEvents): void {
    for (const { timeNs, newest } of newestOfEach(events, this.#untilNs)) {
      const key = `${seriesOf(newest)}|${sourceOf(newest)}`;
      const known = this.#series.get(key);
      if (known !== undefined && known.timeNs > timeNs) continue;
      this.#series.set(key, { timeNs, events: newest });
      if (this.#series.size > MAX_SERIES)
        throw new TickwellError(
          'limit-exceeded',
          `from.snapshot: more than ${MAX_SERIES} series: subscribe to fewer symbols or kinds at once`,
        );
    }
  }

  /** One a series, in the same order whatever order they were given in. */
  *messages(): Generator<Uint8Array> {
    for (const [, { events }] of [...this.#series].sort(([one], [other]) => (one < other ? -1 : 1)))
      yield snapshotResponse(events.kind, encoded(events));
  }
}

function sourceOf(events: MarketEvents): string {
  return events.kind === 'indicators' ? events.batches[0].header.source : events.batch.header.source;
}
