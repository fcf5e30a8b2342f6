import { SILENT, type EventLog, type EventSink, type EventSource, type FeedItem } from '@tickwell/ports';
import { newTraceparent, systemClock } from '@tickwell/runtime';
import { logCursors } from '../../services/ingest/src/cursors.ts';
import { IngestStream } from '../../services/ingest/src/ingest-stream.ts';
import { paced, wallMs } from './pace.ts';

export interface PacedPlan {
  readonly streamId: string;
  readonly source: string;
  readonly ratePerSecond: number;
  readonly total: number;
  /** In turn. */
  readonly symbols: number;
}

export function symbolAt(number: number): string {
  return `SYM${String(number).padStart(3, '0')}`;
}

/** Ingest's own stream (batches, cursors, watermarks) in this process, fed at a pace; resolves to how many events went in. */
export async function ingestPaced(
  { log, sink }: { readonly log: EventLog; readonly sink: EventSink },
  plan: PacedPlan,
  onLateMs: (ms: number) => void,
): Promise<number> {
  const stream = new IngestStream({
    source: pacedSource(plan, onLateMs),
    sink,
    cursors: logCursors(log),
    clock: systemClock,
    logger: SILENT,
    newTraceparent,
  });
  const { events } = await stream.run();
  return Number(events);
}

/** Trades of the symbols in turn, each stamped with the wall time at which it was made. */
function pacedSource(plan: PacedPlan, onLateMs: (ms: number) => void): EventSource {
  const { streamId, source, ratePerSecond, total, symbols } = plan;
  async function* read(): AsyncGenerator<FeedItem> {
    let position = 0n;
    let lastNs = 0n;
    for await (const { first, count } of paced(ratePerSecond, total, onLateMs)) {
      for (let number = first; number < first + count; number += 1) {
        position += 1n;
        const nowNs = BigInt(Math.round(wallMs() * 1e6));
        // Times of one symbol grow, whatever the resolution of the clock.
        lastNs = nowNs > lastNs ? nowNs : lastNs + 1n;
        yield trade(number, lastNs, position, symbols);
      }
      yield { kind: 'progress', position };
    }
  }
  return { streamId, source, description: 'paced ticks', read, close: () => Promise.resolve() };
}

function trade(number: number, timeNs: bigint, position: bigint, symbols: number): FeedItem {
  return {
    kind: 'trades',
    symbol: symbolAt(number % symbols),
    priceBasis: 'raw',
    trades: {
      timeNs: [timeNs],
      seq: [0n],
      price: [100 + (number % 97) / 100],
      size: [1 + (number % 500)],
      conditions: [],
      venue: [],
    },
    positions: [position],
  };
}
