import { decodeBarBatch, decodeTickBatch, events, parseMessage, stateV1, TOPICS } from '@tickwell/contracts';
import { CauseMarks, emptyTrades, TickwellError } from '@tickwell/domain';
import type { Clock, EventSink, EventSource, FeedItem, NewRecord } from '@tickwell/ports';
import type { CursorStore, IngestCursor } from './cursors.ts';

/** Helpers of the tests: a log in an array, and what a reader makes of it. */
export class FakeLog implements EventSink {
  readonly records: NewRecord[] = [];
  /** Sends that succeed before one fails after writing some of its records; Infinity: none does. */
  sendsUntilFailure = Number.POSITIVE_INFINITY;
  readonly sizes: number[] = [];
  concurrent = 0;
  mostConcurrent = 0;

  async send(records: readonly NewRecord[]): Promise<void> {
    this.concurrent++;
    this.mostConcurrent = Math.max(this.mostConcurrent, this.concurrent);
    // A send takes a while, in which the source goes on.
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    this.concurrent--;
    if (this.sendsUntilFailure-- <= 0) {
      this.records.push(...records.slice(0, Math.floor(records.length / 2)));
      throw new TickwellError('sink-broken', 'the log is gone');
    }
    this.records.push(...records);
    this.sizes.push(records.length);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  of(topic: string): NewRecord[] {
    return this.records.filter((record) => record.topic === topic);
  }

  readonly cursors: CursorStore = {
    load: (streamId) => {
      const last = this.of(TOPICS.stateIngest.name).findLast((record) => record.key === streamId)?.value;
      if (last === undefined || last === null) return Promise.resolve(undefined);
      const parsed = parseMessage(stateV1.IngestCursorSchema, last);
      if (!parsed.ok) throw new Error(parsed.error.reason);
      return Promise.resolve(parsed.value satisfies IngestCursor);
    },
  };
}

/** What a reader keeps of the raw topics: records by cause, events in them by position. */
export function readerView(log: FakeLog): {
  events: string[];
  refused: string[];
  watermarks: string[];
  knownAt: Set<bigint>;
} {
  const marks = { ticks: new CauseMarks(), bars: new CauseMarks(), refused: new CauseMarks() };
  const view = {
    events: [] as string[],
    refused: [] as string[],
    watermarks: [] as string[],
    knownAt: new Set<bigint>(),
  };
  for (const { topic, value } of log.records) {
    if (value === null) continue;
    if (topic === TOPICS.rawTicks.name) {
      const decoded = decodeTickBatch(value, true);
      if (!decoded.ok) throw new Error(decoded.error.reason);
      const { header } = decoded.value;
      view.knownAt.add(header.knownAtNs);
      const seen = marks.ticks.position(header.cause.origin);
      if (!marks.ticks.advance(header.cause)) continue;
      if (decoded.value.kind === 'watermark') view.watermarks.push(`${header.symbol} ${header.watermarkNs}`);
      else
        for (const position of decoded.value.positions)
          if (position > seen) view.events.push(`${header.symbol} ${position}`);
    } else if (topic === TOPICS.rawBars.name) {
      const decoded = decodeBarBatch(value, true);
      if (!decoded.ok) throw new Error(decoded.error.reason);
      const { header, positions } = decoded.value;
      const seen = marks.bars.position(header.cause.origin);
      if (marks.bars.advance(header.cause)) {
        for (const position of positions)
          if (position > seen) view.events.push(`${header.symbol} ${position}`);
      }
    } else if (topic === TOPICS.rawRefused.name) {
      const decoded = parseMessage(events.RefusedInputSchema, value);
      const cause = decoded.ok ? decoded.value.header?.cause : undefined;
      if (!decoded.ok || cause === undefined) throw new Error('a refusal without cause');
      if (marks.refused.advance(cause)) view.refused.push(`${decoded.value.position} ${decoded.value.rule}`);
    }
  }
  return view;
}

export class FakeClock implements Clock {
  ms = 1000;

  nowNs(): bigint {
    return BigInt(this.ms++) * 1_000_000n;
  }

  monotonicMs(): number {
    return this.ms;
  }

  sleep(ms: number): Promise<void> {
    this.ms += ms;
    return Promise.resolve();
  }
}

/** One event (or, as "!", a refusal) per entry, at positions 1, 2, …; time is the position in seconds. */
export type Script = readonly string[];

/** A feed of the script, in pieces: entries of a piece come as one chunk per symbol, then a safe place. */
export class FakeSource implements EventSource {
  readonly streamId = 'file:0123:test:4567';
  readonly source = 'file:test';
  readonly description = 'test';
  readonly #script: Script;
  readonly #pieces: readonly number[];
  failAt = Number.POSITIVE_INFINITY;
  mostRead = 0;

  constructor(script: Script, pieces: readonly number[]) {
    this.#script = script;
    this.#pieces = pieces;
  }

  async *read({
    afterPosition,
    signal,
  }: {
    afterPosition: bigint;
    signal: AbortSignal;
  }): AsyncGenerator<FeedItem> {
    let at = 0;
    for (let piece = 0; at < this.#script.length && !signal.aborted; piece++) {
      await Promise.resolve();
      const end = Math.min(this.#script.length, at + (this.#pieces[piece % this.#pieces.length] ?? 1));
      if (end > this.failAt) throw new Error('the disk is gone');
      for (const item of this.#piece(at, end, afterPosition)) yield item;
      if (BigInt(end) > afterPosition) yield { kind: 'progress', position: BigInt(end) };
      at = end;
      this.mostRead = Math.max(this.mostRead, end);
    }
  }

  #piece(from: number, to: number, afterPosition: bigint): FeedItem[] {
    const bySymbol = new Map<string, bigint[]>();
    const refusals: FeedItem[] = [];
    for (let index = from; index < to; index++) {
      const position = BigInt(index + 1);
      const symbol = this.#script[index] ?? '';
      if (position <= afterPosition) continue;
      if (symbol === '!') {
        refusals.push({
          kind: 'refused',
          rule: 'bad-number',
          reason: `test:${position}: bad`,
          position,
          symbol: '',
          original: new Uint8Array(10),
          originalSize: 10,
          originalSha256: '00',
        });
      } else bySymbol.set(symbol, [...(bySymbol.get(symbol) ?? []), position]);
    }
    const chunks = [...bySymbol].map(([symbol, positions]): FeedItem => {
      const trades = emptyTrades();
      for (const position of positions) {
        trades.timeNs.push(position * 1_000_000_000n);
        trades.seq.push(0n);
        trades.price.push(Number(position));
        trades.size.push(1);
      }
      return { kind: 'trades', symbol, priceBasis: 'raw', trades, positions };
    });
    return [...chunks, ...refusals];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
