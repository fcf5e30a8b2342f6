import { sessionDateText, type SessionDate, type TradingDays } from '@tickwell/calendar';
import { NS_PER_DAY, pickBars, TickwellError, type BarColumns } from '@tickwell/domain';
import {
  adjuster,
  inPiece,
  rollAmount,
  rollSchedule,
  SessionCloses,
  SessionVolumes,
  volumeSchedule,
  type Adjustment,
  type Instrument,
  type RollPiece,
} from '@tickwell/instruments';
import type { BarQuery, TimeSpan } from '@tickwell/ports';
import { cut, type BestChunk } from './best-bars.ts';

export interface ContinuousChunk extends BestChunk {
  /** The contract that all bars of the chunk are of. */
  readonly contract: string;
}

export interface ContinuousOf {
  readonly id: string;
  readonly roll: NonNullable<Instrument['continuous']>['roll'];
  readonly adjustment: Adjustment;
  /** The futures it is made of, by expiry. */
  readonly contracts: readonly { readonly id: string; readonly expiry: SessionDate }[];
  readonly isTradingDay: TradingDays;
  /** Where the query names no source: that of each contract that has bars. */
  readonly sources: ReadonlyMap<string, string>;
}

type ReadBars = (query: BarQuery) => AsyncIterable<BestChunk>;

/** Closes so far back are looked at first: the last session that both contracts have is near the roll. */
const NEAR_DAYS = 15n;

/**
 * The bars of a continuous future, stitched while they are read: contract after contract by its roll rule, prices brought to the level of the newest
 * contract that has bars. An adjusted price does not depend on the range that is asked for, only on what is known of the rolls after it.
 * Memory: one chunk, and a close or volume a session. Refusals are `failed-precondition` and name the contract.
 */
export async function* continuousBars(
  read: ReadBars,
  query: BarQuery,
  of: ContinuousOf,
): AsyncGenerator<ContinuousChunk> {
  const reader = new ContinuousReader(read, query, of);
  const pieces = await reader.pieces();
  const amounts = await reader.amounts(pieces);
  const { limit, newest } = query;
  if (newest !== true || limit === undefined) {
    yield* cut(reader.chunks(pieces, amounts, 0), 0, limit ?? Infinity);
    return;
  }
  const { first, rows } = await reader.newest(pieces, limit);
  yield* cut(reader.chunks(pieces, amounts, first), Math.max(0, rows - limit), limit);
}

class ContinuousReader {
  readonly #read: ReadBars;
  readonly #of: ContinuousOf;
  readonly #range: TimeSpan;
  readonly #columns: readonly string[] | undefined;
  /** What every question has in common. */
  readonly #common: Omit<BarQuery, 'symbol' | 'limit' | 'newest' | 'startNs' | 'endNs' | 'columns'>;

  constructor(read: ReadBars, query: BarQuery, of: ContinuousOf) {
    this.#read = read;
    this.#of = of;
    const common = { ...query };
    for (const name of ['symbol', 'limit', 'newest', 'startNs', 'endNs', 'columns'])
      Reflect.deleteProperty(common, name);
    this.#common = common;
    this.#range = spanOf(query.startNs, query.endNs);
    this.#columns = query.columns;
  }

  /** From the first one in the range to the newest that has bars. */
  async pieces(): Promise<readonly RollPiece[]> {
    const { startNs = 0n, endNs } = this.#range;
    const schedule = (await this.#schedule()).filter(
      ({ to }) => to === undefined || dayNs(to) + NS_PER_DAY > startNs,
    );
    const filled: boolean[] = [];
    for (const piece of schedule) filled.push(await this.#hasBars(piece));
    const [first, last] = [filled.indexOf(true), filled.lastIndexOf(true)];
    if (first < 0)
      throw this.#refused(`none of its contracts has ${this.#what()} in that time${this.#named()}`);
    const pieces = schedule.slice(first, last + 1);
    const isNeeded = ({ from }: RollPiece): boolean =>
      this.#of.adjustment !== 'none' || endNs === undefined || from === undefined || dayNs(from) < endNs;
    const hole = pieces.find((piece, index) => filled[first + index] === false && isNeeded(piece));
    if (hole !== undefined)
      throw this.#refused(
        `${hole.id} has no ${this.#what()}${pieceText(hole)}, when it is the contract, and later ones have: import them, or leave it out of the members`,
      );
    return pieces.filter((_, index) => filled[first + index] === true);
  }

  /** What each roll does to what is before it: as many as there are pieces, less one. */
  async amounts(pieces: readonly RollPiece[]): Promise<readonly number[]> {
    const { adjustment } = this.#of;
    if (adjustment === 'none') return [];
    const amounts: number[] = [];
    for (const [index, next] of pieces.slice(1).entries()) {
      const before = pieces[index];
      if (before === undefined || next.from === undefined) continue;
      const roll = { from: before.id, to: next.id, on: next.from };
      const amount = rollAmount(roll, await this.#closes(roll), adjustment);
      if (!amount.ok) throw this.#refused(amount.error);
      amounts.push(amount.value);
    }
    return amounts;
  }

  async *chunks(
    pieces: readonly RollPiece[],
    amounts: readonly number[],
    first: number,
  ): AsyncGenerator<ContinuousChunk> {
    const columns = this.#columns;
    const read = columns === undefined ? undefined : [...new Set([...columns, 'sessionDate'])];
    for (const [index, piece] of pieces.entries()) {
      if (index < first) continue;
      const adjusted = adjuster(amounts.slice(index), this.#of.adjustment);
      for await (const chunk of this.#rows(piece, read)) {
        const bars = withPrices(chunk.bars, adjusted);
        const isDated = columns === undefined || columns.includes('sessionDate');
        yield { ...chunk, bars: isDated ? bars : { ...bars, sessionDate: [] }, contract: piece.id };
      }
    }
  }

  /** The piece in which the newest so many bars begin, and how many there are from its start on. */
  async newest(
    pieces: readonly RollPiece[],
    limit: number,
  ): Promise<{ readonly first: number; readonly rows: number }> {
    let rows = 0;
    for (let first = pieces.length - 1; first >= 0; first--) {
      const piece = pieces[first];
      if (piece === undefined) break;
      for await (const { bars } of this.#rows(piece, ['sessionDate'])) rows += bars.startNs.length;
      if (rows >= limit || first === 0) return { first, rows };
    }
    return { first: 0, rows };
  }

  async #schedule(): Promise<readonly RollPiece[]> {
    const { contracts, roll, isTradingDay } = this.#of;
    if (roll.rule !== 'volume') return rollSchedule(contracts, roll, isTradingDay);
    // Daily bars say the same in a fraction of the rows; where not every contract has them, none are used.
    const daily = await this.#volumes('1d');
    const own = daily.some((volumes) => volumes.daily.size === 0)
      ? await this.#volumes(this.#common.interval)
      : daily;
    const volumes = own.flatMap((each, index) => {
      const contract = contracts[index];
      return contract === undefined || each.daily.size === 0 ? [] : [{ ...contract, volumes: each }];
    });
    const schedule = volumeSchedule(volumes, roll.sessions);
    if (!schedule.ok) throw this.#refused(schedule.error);
    return schedule.value;
  }

  async #volumes(interval: string): Promise<readonly SessionVolumes[]> {
    const found: SessionVolumes[] = [];
    for (const { id } of this.#of.contracts) {
      const volumes = new SessionVolumes();
      for await (const { bars } of this.#bars(id, {}, ['volume', 'sessionDate'], interval)) volumes.add(bars);
      found.push(volumes);
    }
    return found;
  }

  async #hasBars(piece: RollPiece): Promise<boolean> {
    // Away from its ends every bar is one of the piece, and one row answers.
    const inner = spanOf(
      piece.from === undefined ? undefined : dayNs(piece.from),
      piece.to === undefined ? undefined : dayNs(piece.to) - NS_PER_DAY,
    );
    if (!isEmpty(inner))
      for await (const _ of this.#bars(piece.id, { ...inner, limit: 1 }, ['sessionDate'])) return true;
    for await (const { bars } of this.#bars(piece.id, spanOfPiece(piece), ['sessionDate']))
      if (bars.startNs.some((_, index) => inPiece(piece, bars, index))) return true;
    return false;
  }

  async #closes(roll: {
    readonly from: string;
    readonly to: string;
    readonly on: SessionDate;
  }): Promise<{ readonly before: SessionCloses; readonly after: SessionCloses }> {
    const endNs = dayNs(roll.on) + NS_PER_DAY;
    const near = await this.#closesIn(roll, { startNs: endNs - NEAR_DAYS * NS_PER_DAY, endNs });
    return near.before.common(near.after) === undefined ? this.#closesIn(roll, { endNs }) : near;
  }

  async #closesIn(
    { from, to, on }: { readonly from: string; readonly to: string; readonly on: SessionDate },
    span: TimeSpan,
  ): Promise<{ readonly before: SessionCloses; readonly after: SessionCloses }> {
    const [before, after] = [new SessionCloses(on), new SessionCloses(on)];
    for await (const { bars } of this.#bars(from, span, ['close', 'sessionDate'])) before.add(bars);
    for await (const { bars } of this.#bars(to, span, ['close', 'sessionDate'])) after.add(bars);
    return { before, after };
  }

  /** Bars of a piece that are in the range. */
  async *#rows(piece: RollPiece, columns: readonly string[] | undefined): AsyncGenerator<BestChunk> {
    const span = spanOfPiece(piece);
    const wanted = spanOf(latest(this.#range.startNs, span.startNs), earliest(this.#range.endNs, span.endNs));
    if (isEmpty(wanted)) return;
    for await (const chunk of this.#bars(piece.id, wanted, columns)) {
      const { bars } = chunk;
      const rows = [...bars.startNs.keys()].filter((index) => inPiece(piece, bars, index));
      if (rows.length === bars.startNs.length) yield chunk;
      else if (rows.length > 0)
        yield {
          ...chunk,
          bars: pickBars(bars, rows),
          knownNs: rows.map((index) => chunk.knownNs[index] ?? 0n),
        };
    }
  }

  async *#bars(
    symbol: string,
    span: TimeSpan & Pick<BarQuery, 'limit'>,
    columns: readonly string[] | undefined,
    interval = this.#common.interval,
  ): AsyncGenerator<BestChunk> {
    const source = this.#common.source ?? this.#of.sources.get(symbol);
    // Nothing is stored of it.
    if (source === undefined) return;
    const chosen = columns === undefined ? {} : { columns };
    yield* this.#read({ ...this.#common, ...span, ...chosen, symbol, source, interval });
  }

  #what(): string {
    const { interval, priceType } = this.#common;
    return `${interval}${priceType === 'trade' ? '' : ` ${priceType}`} bars`;
  }

  #named(): string {
    const ids = this.#of.contracts.map(({ id }) => id);
    const { source } = this.#common;
    return ` (${ids.slice(0, 5).join(', ')}${ids.length > 5 ? `, … ${ids.length} in all` : ''}${source === undefined ? '' : `; source ${source}`})`;
  }

  #refused(reason: string): TickwellError {
    return new TickwellError('failed-precondition', `continuous future ${this.#of.id}: ${reason}`);
  }
}

const PRICES = ['open', 'high', 'low', 'close', 'vwap'] as const;

function withPrices(bars: BarColumns, adjusted: (price: number) => number): BarColumns {
  return { ...bars, ...Object.fromEntries(PRICES.map((name) => [name, bars[name].map(adjusted)])) };
}

/** The days of a piece in UTC with one more at each side, as a session may begin the evening before and end in another day. */
function spanOfPiece({ from, to }: RollPiece): TimeSpan {
  return spanOf(
    from === undefined ? undefined : dayNs(from) - NS_PER_DAY,
    to === undefined ? undefined : dayNs(to) + NS_PER_DAY,
  );
}

function spanOf(startNs: bigint | undefined, endNs: bigint | undefined): TimeSpan {
  return { ...(startNs === undefined ? {} : { startNs }), ...(endNs === undefined ? {} : { endNs }) };
}

function isEmpty({ startNs, endNs }: TimeSpan): boolean {
  return startNs !== undefined && endNs !== undefined && startNs >= endNs;
}

function dayNs(date: SessionDate): bigint {
  return BigInt(Date.parse(sessionDateText(date))) * 1_000_000n;
}

function latest(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a;
}

function earliest(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined || (b !== undefined && b < a) ? b : a;
}

function pieceText({ from, to }: RollPiece): string {
  const start = from === undefined ? '' : ` from ${sessionDateText(from)}`;
  return `${start}${to === undefined ? '' : ` to ${sessionDateText(to)}`}`;
}
