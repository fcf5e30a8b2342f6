import { create } from '@bufbuild/protobuf';
import { priceTypeToProto, queryV1, streamKindToProto } from '@tickwell/contracts';
import type { MarketEvent } from './live-event.ts';
import { PositionTracker } from './position.ts';

type RequestFrom = Pick<queryV1.SubscribeRequest, 'from' | 'began'>;

/** Where a stream began and how far it has come, so that another connection can go on there. */
export class StreamProgress {
  readonly #sinceNs: bigint | undefined;
  readonly #isSnapshot: boolean;
  readonly #position: PositionTracker;
  #began: queryV1.StreamBegin | undefined;
  /** What history ended with names the partitions of this stream's symbols only; a marker names all of them. */
  #isWhole: boolean;
  /** Set while history from the store comes: which row was the last. */
  #place: queryV1.HistoryPlace | undefined;

  constructor({
    after,
    sinceNs,
    snapshot = false,
  }: {
    readonly after?: string | undefined;
    readonly sinceNs?: bigint | undefined;
    readonly snapshot?: boolean | undefined;
  }) {
    this.#sinceNs = sinceNs;
    this.#isSnapshot = snapshot;
    this.#position = after === undefined ? new PositionTracker() : PositionTracker.parse(after);
    this.#isWhole = after !== undefined;
    if (after !== undefined) this.#begin();
  }

  /** For others to go on from. Undefined before live was reached. */
  get position(): string | undefined {
    return this.#isWhole ? this.#position.text() : undefined;
  }

  /** Whether another connection can go on where this one is; before the first event every one can. */
  get isResumable(): boolean {
    return this.#position.complete || this.#place !== undefined;
  }

  /** Where history from the store ends. */
  open(cut: queryV1.StreamPosition | undefined): void {
    if (this.#began !== undefined) return;
    this.#position.apply(cut);
    this.#begin();
    this.#place = create(queryV1.HistoryPlaceSchema, {
      sinceNs: this.#sinceNs ?? 0n,
      cut: this.#position.message(),
    });
  }

  /** The newest of each series has come: the stream begins behind it. */
  endSnapshot(position: queryV1.StreamPosition | undefined): void {
    this.#position.apply(position);
    this.#position.setComplete();
    this.#begin();
  }

  /** Everything up to this position has come; without partitions: nothing to go by. */
  reach(position: queryV1.StreamPosition | undefined): void {
    if (position === undefined || position.partitions.length === 0) return;
    this.#position.apply(position);
    // What has a position comes from the log: history is over, and the rest of the position is where it ended.
    if (this.#place === undefined) return;
    this.#place = undefined;
    this.#position.setComplete();
  }

  /** As {@link reach}, of the whole position. */
  reachLive(position: queryV1.StreamPosition | undefined): void {
    this.#place = undefined;
    this.#position.apply(position);
    this.#position.setComplete();
    this.#isWhole = true;
    if (this.#began === undefined) this.#begin();
  }

  /** A batch of stored history has come. */
  passRow(event: MarketEvent): void {
    if (this.#place === undefined) return;
    const { sinceNs, cut } = this.#place;
    const { symbol, source, kind } = event;
    const row = lastRow(event);
    const series =
      'interval' in event ? { interval: event.interval, priceType: priceTypeToProto(event.priceType) } : {};
    const specId = event.kind === 'indicators' ? event.specId : '';
    this.#place = create(queryV1.HistoryPlaceSchema, {
      ...{ sinceNs, ...(cut === undefined ? {} : { cut }) },
      ...{ symbol, source, kind: streamKindToProto(kind), specId, ...series, ...row },
    });
  }

  /** What a request says to go on here. */
  request(): RequestFrom {
    if (this.#position.complete) {
      const began = this.#began === undefined ? {} : { began: this.#began };
      return { from: { case: 'after', value: this.#position.message() }, ...began };
    }
    if (this.#place !== undefined) return { from: { case: 'within', value: this.#place } };
    if (this.#isSnapshot) return { from: { case: 'snapshot', value: true } };
    return this.#sinceNs === undefined
      ? { from: { case: 'live', value: true } }
      : { from: { case: 'sinceNs', value: this.#sinceNs } };
  }

  #begin(): void {
    this.#began = create(queryV1.StreamBeginSchema, {
      position: this.#position.message(),
      ...(this.#sinceNs === undefined ? {} : { sinceNs: this.#sinceNs }),
    });
  }
}

function lastRow(event: MarketEvent): { readonly timeNs: bigint; readonly seq?: bigint } {
  switch (event.kind) {
    case 'trades':
      return { timeNs: event.trades.timeNs.at(-1) ?? 0n, seq: event.trades.seq.at(-1) ?? 0n };
    case 'quotes':
      return { timeNs: event.quotes.timeNs.at(-1) ?? 0n, seq: event.quotes.seq.at(-1) ?? 0n };
    case 'bars':
    case 'forming-bars':
      return { timeNs: event.bars.startNs.at(-1) ?? 0n };
    case 'indicators':
      return { timeNs: event.values.startNs.at(-1) ?? 0n };
  }
}
