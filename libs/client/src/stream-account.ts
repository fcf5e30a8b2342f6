import { streamKindFromProto, type queryV1 } from '@tickwell/contracts';
import {
  EventLedger,
  EventSum,
  TickwellError,
  sumOfBars,
  sumOfIndicators,
  sumOfQuotes,
  sumOfTrades,
} from '@tickwell/domain';
import type { MarketEvent } from './live-event.ts';

/** What a stream brought of one symbol, source and kind. */
export interface SeriesCount {
  readonly symbol: string;
  readonly source: string;
  readonly kind: MarketEvent['kind'];
  readonly events: number;
  /** Sum of the hashes of the events modulo 2^128, 32 hexadecimal digits (docs/subscribe.md); the same in whatever order they came. */
  readonly hash: string;
}

/** How a stream ended: what it brought, as the server said it and the client found it; by symbol, source, kind. */
export interface StreamStatement {
  readonly series: readonly SeriesCount[];
  readonly events: number;
  /** Events left out for a reader who was too slow (`conflate`). */
  readonly leftOut: number;
  /** Whether it was compared with what came: not where events were left out; the counts are then those of what came. */
  readonly verified: boolean;
}

/** The client's own account of what a stream brought, and the server's, which has to be the same. */
export class StreamAccount {
  #received = new EventLedger();
  readonly #hasEnd: boolean;
  #leftOut = 0;
  #told = new EventLedger();

  /** @param hasEnd the server's account of such a stream is of all its connections; of others it is of each by itself. */
  constructor({ hasEnd }: { readonly hasEnd: boolean }) {
    this.#hasEnd = hasEnd;
  }

  add(event: MarketEvent): void {
    const { symbol, source, kind } = event;
    this.#received.add({ symbol, source, kind, sum: sumOf(event) });
  }

  leaveOut(events: bigint): void {
    this.#leftOut += Number(events);
  }

  /** A connection that broke may have said half of it. */
  beginConnection(): void {
    this.#told = new EventLedger();
    if (this.#hasEnd) return;
    this.#received = new EventLedger();
    this.#leftOut = 0;
  }

  /** Throws `statement-mismatch` where a heartbeat says something else than was received. */
  compareTotal({ events, hash }: queryV1.Heartbeat): void {
    if (hash.length === 0 || this.#leftOut > 0) return;
    const { total } = this.#received;
    if (told(Number(events), hash).equals(total)) return;
    throw mismatch(`${total.events} events of this subscription were received, the server sent ${events}`);
  }

  /** The whole once its last part is there. Throws `statement-mismatch` where it says something else than was received. */
  take(statement: queryV1.Statement): StreamStatement | undefined {
    for (const { symbol, source, kind: number, events, hash } of statement.series) {
      const kind = streamKindFromProto(number);
      if (kind === undefined)
        throw new TickwellError('malformed-event', `the server's statement has a kind ${number}`);
      this.#told.add({ symbol, source, kind, sum: told(Number(events), hash) });
    }
    if (statement.conflated > 0n && this.#leftOut === 0) this.leaveOut(statement.conflated);
    return statement.more ? undefined : this.#compare();
  }

  #compare(): StreamStatement {
    const wrong = [...this.#told.series(), ...this.#received.series()].find(
      (one) => !this.#told.of(one).equals(this.#received.of(one)),
    );
    if (wrong !== undefined && this.#leftOut === 0) {
      const { symbol, source, kind } = wrong;
      const [got, sent] = [this.#received.of(wrong).events, this.#told.of(wrong).events];
      throw mismatch(
        `${got} ${kind} of ${symbol} of ${source} were received, the server sent ${sent}${got === sent ? ' others' : ''}`,
      );
    }
    const series = this.#received.series().map(({ symbol, source, kind, sum }) => {
      return { symbol, source, kind, events: sum.events, hash: sum.hash.toString(16).padStart(32, '0') };
    });
    const leftOut = this.#leftOut;
    return { series, events: this.#received.total.events, leftOut, verified: leftOut === 0 };
  }
}

function told(events: number, hash: Uint8Array): EventSum {
  const sum = EventSum.fromBytes(events, hash);
  if (sum === undefined)
    throw new TickwellError(
      'malformed-event',
      `the server sent a hash of ${hash.length} bytes, 16 are right`,
    );
  return sum;
}

function mismatch(what: string): TickwellError {
  return new TickwellError(
    'statement-mismatch',
    `subscribe: ${what}: do not use what came; subscribe again and begin anew`,
  );
}

/** What of an event counts. */
export type CountedEvent = DistributiveOmit<MarketEvent, 'header'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** What one event, a batch, adds to the sums. */
export function sumOf(event: CountedEvent): EventSum {
  switch (event.kind) {
    case 'trades':
      return sumOfTrades(event, event.trades);
    case 'quotes':
      return sumOfQuotes(event, event.quotes);
    case 'bars':
    case 'forming-bars':
      return sumOfBars(event.kind, event, event.bars);
    case 'indicators':
      return sumOfIndicators(event, event.values);
  }
}
