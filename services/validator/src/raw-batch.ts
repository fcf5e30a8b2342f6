import { parseInterval, type Header } from '@tickwell/domain';
import {
  batchProblem,
  judge,
  type BatchContext,
  type BatchVersions,
  type Judgement,
  type InstrumentSettings,
  type Kind,
  type KeyState,
  type StreamState,
} from '@tickwell/validation';

/** A decoded raw batch of any kind, as the generic processor sees it. */
export interface RawBatch {
  readonly header: Header;
  /** As in quality events: "trades". */
  readonly kind: string;
  /** Positions of the events in their stream; none: the record only moves the watermark. */
  readonly positions: readonly bigint[];
  judge(state: KeyState, record: RecordContext): Judgement;
  /** Whether symbol, source and key are in order: a batch that breaks a rule about them moves no watermark either. */
  isSound(record: RecordContext): boolean;
  /** Time of the last event of the series that was accepted; 0n: none. */
  lastAcceptedNs(state: KeyState): bigint;
  /** Value for the validated topic. */
  encodeAccepted(header: Header, accepted: Judgement['accepted']): Uint8Array;
  /** The batch as it was read, with one of its events alone. */
  encodeOriginal(index: number): Uint8Array;
}

/** What judging needs of the record beside its value. */
export interface RecordContext {
  readonly key: string;
  /** Latest time at which the log knew the record, ns since the epoch. */
  readonly referenceNs: bigint;
  /** When the log took the record, ns since the epoch. */
  readonly loggedNs: bigint;
  readonly settings: InstrumentSettings;
  /** What a person calls the stream. */
  readonly streamName: string | undefined;
}

/** What a raw batch is made of; `C` are its columns. */
export interface RawBatchParts<C> {
  readonly kind: Kind<C>;
  readonly header: Header;
  readonly columns: C;
  readonly positions: bigint[];
  /** Bars only. */
  readonly bars?: { readonly interval: string; readonly priceType: string };
  readonly encode: (header: Header, columns: C, positions: bigint[]) => Uint8Array;
}

export function rawBatch<C>(parts: RawBatchParts<C>): RawBatch {
  return new ColumnBatch(parts);
}

function seriesOf(bars: { readonly interval: string; readonly priceType: string }): string {
  return `${bars.interval}/${bars.priceType}`;
}

class ColumnBatch<C> implements RawBatch {
  readonly #parts: RawBatchParts<C>;

  constructor(parts: RawBatchParts<C>) {
    this.#parts = parts;
  }

  get header(): Header {
    return this.#parts.header;
  }

  get kind(): string {
    return this.#parts.kind.name;
  }

  get positions(): readonly bigint[] {
    return this.#parts.positions;
  }

  judge(state: KeyState, record: RecordContext): Judgement {
    const { kind, columns, positions } = this.#parts;
    return judge(kind, columns, positions, this.#stream(state), this.#context(record), this.#versions(state));
  }

  isSound(record: RecordContext): boolean {
    return batchProblem(this.#parts.kind, this.#context(record)) === undefined;
  }

  lastAcceptedNs(state: KeyState): bigint {
    return this.#stream(state).timeNs;
  }

  encodeAccepted(header: Header, accepted: Judgement['accepted']): Uint8Array {
    const { kind, columns, encode } = this.#parts;
    return encode(header, accepted === 'all' ? columns : kind.pick(columns, accepted), []);
  }

  encodeOriginal(index: number): Uint8Array {
    const { kind, header, columns, positions, encode } = this.#parts;
    return encode(header, kind.pick(columns, [index]), positions.slice(index, index + 1));
  }

  #stream(state: KeyState): StreamState {
    const { kind, bars, header } = this.#parts;
    return state.stream(bars === undefined ? kind.name : seriesOf(bars), header.cause.origin);
  }

  #versions(state: KeyState): BatchVersions | undefined {
    const { bars, header } = this.#parts;
    if (bars === undefined) return undefined;
    return {
      window: () => state.versions(seriesOf(bars), header.source),
      knownAtNs: header.knownAtNs,
      priceBasis: header.priceBasis,
    };
  }

  #context(record: RecordContext): BatchContext {
    const { header, bars } = this.#parts;
    const interval = bars === undefined ? undefined : parseInterval(bars.interval);
    return {
      key: record.key,
      referenceNs: record.referenceNs,
      loggedNs: record.loggedNs,
      settings: record.settings,
      isReleased: header.replayOf !== '',
      streamName: record.streamName,
      symbol: header.symbol,
      source: header.source,
      origin: header.cause.origin,
      intervalText: bars?.interval ?? '',
      interval: interval?.ok === true ? interval.value : undefined,
    };
  }
}
