import { NS_PER_DAY, parseInterval, type Interval } from '@tickwell/domain';
import type { ProviderRow } from '@tickwell/provider';
import { createTimeParser, isBlank, showCell, toNumber, type Cell, type TimeParser } from '@tickwell/text';
import type { AnswerRow } from './answer.ts';
import type { ColumnRole, SeriesDefinition } from './schema.ts';

/** Makes rows of what a vendor answers, by a definition. Undefined: the row says nothing (a day without a dividend). */
export class RowMapper {
  readonly #series: SeriesDefinition;
  readonly #time: TimeParser;
  readonly #isOfDays: boolean;
  readonly #interval: Interval | undefined;

  constructor(series: SeriesDefinition, intervalText: string) {
    const { format, zone } = series.time;
    const time = createTimeParser({ format, zone, sample: undefined });
    // The definition was read with the same format.
    if (!time.ok) throw new Error(time.error);
    const interval = intervalText === '' ? undefined : parseInterval(intervalText);
    this.#series = series;
    this.#time = time.value;
    this.#interval = interval?.ok === true ? interval.value : undefined;
    this.#isOfDays =
      series.kind === 'actions' ||
      series.kind === 'fundamentals' ||
      (this.#interval !== undefined &&
        (this.#interval.kind !== 'fixed' || this.#interval.lengthNs >= NS_PER_DAY));
  }

  map(answer: AnswerRow): ProviderRow | undefined {
    const { raw, broken } = answer;
    if (broken !== undefined) return { refused: broken, raw };
    const timeCell = this.#cell(answer, 'time');
    const time = this.#timeOf(timeCell);
    if (time === undefined)
      return {
        refused: `time ${showCell(timeCell)} is not as the definition says (${this.#series.time.format})`,
        raw,
      };
    if (this.#series.kind === 'actions') return this.#action(answer, time);
    const read = new Values((role) => this.#cell(answer, role));
    const row = this.#row(read, time, raw);
    return read.problem === undefined ? row : { time, raw, refused: read.problem };
  }

  #row(read: Values, time: bigint, raw: unknown): ProviderRow {
    switch (this.#series.kind) {
      case 'bars':
        return {
          time,
          raw,
          open: read.number('open'),
          high: read.number('high'),
          low: read.number('low'),
          close: read.number('close'),
          volume: read.optional('volume'),
          vwap: read.optional('vwap'),
          tradeCount: read.optional('tradeCount'),
        };
      case 'trades': {
        const texts = { ...read.text('conditions'), ...read.text('venue'), ...read.seq() };
        return { time, raw, price: read.number('price'), size: read.optional('size'), ...texts };
      }
      case 'quotes': {
        const [bid, ask] = [read.optional('bid'), read.optional('ask')];
        const [bidSize, askSize] = [read.optional('bidSize'), read.optional('askSize')];
        return { time, raw, bid, ask, bidSize, askSize, ...read.seq() };
      }
      case 'fundamentals': {
        const {
          item = '',
          periodType = '',
          currency,
        } = { ...read.text('item'), ...read.text('periodType'), ...read.text('currency') };
        const known = PERIODS.find((one) => one === periodType);
        if (known === undefined)
          return {
            time,
            raw,
            refused: `periodType is ${showCell(periodType)}, not one of ${PERIODS.join(', ')}`,
          };
        const more = currency === undefined ? {} : { currency };
        return { time, raw, item, periodType: known, value: read.number('value'), ...more };
      }
      case 'actions':
        return { time, raw, refused: 'it says no action' };
    }
  }

  #timeOf(cell: Cell): bigint | undefined {
    const interval = this.#interval;
    if (this.#isOfDays) {
      const wallNs = this.#time.wallNs(cell);
      return wallNs === undefined ? undefined : wallNs - (((wallNs % NS_PER_DAY) + NS_PER_DAY) % NS_PER_DAY);
    }
    const instantNs = this.#time.instantNs(cell);
    if (instantNs === undefined || this.#series.time.stamp === 'start' || interval?.kind !== 'fixed')
      return instantNs;
    return instantNs - interval.lengthNs;
  }

  #cell(answer: AnswerRow, role: ColumnRole): Cell {
    const ref = this.#series.columns.get(role);
    if (ref === undefined) return undefined;
    if (ref.kind === 'constant') return ref.value;
    const cells = ref.of.map((column) => asCell(answer.cell(column)));
    const cell = cells.length === 1 ? cells[0] : cells.map((one) => String(one ?? '')).join(' ');
    return isBlank(cell) || (typeof cell === 'string' && this.#series.nulls.has(cell.trim())) ? null : cell;
  }

  #action(answer: AnswerRow, time: bigint): ProviderRow | undefined {
    const { raw } = answer;
    const numbers: Partial<Record<ColumnRole, number>> = {};
    for (const role of ['dividend', 'splitFactor', 'splitFrom', 'splitTo'] as const) {
      const cell = this.#cell(answer, role);
      if (isBlank(cell)) continue;
      const value = toNumber(cell);
      if (value === undefined) return { time, refused: `${role} is ${showCell(cell)}, not a number`, raw };
      numbers[role] = value;
    }
    const { dividend: amount = 0, splitFactor = 1, splitFrom, splitTo } = numbers;
    const split =
      splitFrom !== undefined && splitTo !== undefined
        ? { from: splitFrom, to: splitTo }
        : ratioOf(splitFactor);
    const currency = this.#cell(answer, 'currency');
    const dividend = { amount, ...(isBlank(currency) ? {} : { currency: String(currency) }) };
    if (amount === 0 && split.from === split.to) return undefined;
    return {
      time,
      raw,
      ...(amount === 0 ? {} : { dividend }),
      ...(split.from === split.to ? {} : { split }),
    };
  }
}

const PERIODS = ['annual', 'quarterly', 'ttm', 'instant'] as const;

/** The cells of one row as what they should be; `problem` is the first that is not. */
class Values {
  problem: string | undefined;
  readonly #cell: (role: ColumnRole) => Cell;

  constructor(cell: (role: ColumnRole) => Cell) {
    this.#cell = cell;
  }

  number(role: ColumnRole): number {
    const cell = this.#cell(role);
    const value = toNumber(cell);
    if (value === undefined) this.problem ??= `${role} is ${showCell(cell)}, not a number`;
    return value ?? NaN;
  }

  optional(role: ColumnRole): number | null {
    return isBlank(this.#cell(role)) ? null : this.number(role);
  }

  text<R extends ColumnRole>(role: R): Partial<Record<R, string>> {
    const cell = this.#cell(role);
    return isBlank(cell) ? {} : ofRole(role, String(cell));
  }

  seq(): { readonly seq?: bigint } {
    const cell = this.#cell('seq');
    if (isBlank(cell)) return {};
    const text = String(cell);
    if (/^-?\d{1,18}$/.test(text)) return { seq: BigInt(text) };
    this.problem ??= `seq is ${showCell(cell)}, not a whole number`;
    return {};
  }
}

function ofRole<R extends ColumnRole>(role: R, text: string): Partial<Record<R, string>> {
  const one: Partial<Record<R, string>> = {};
  one[role] = text;
  return one;
}

/** 4 is 4 new for 1 old, 0.1 is 1 new for 10 old. */
function ratioOf(factor: number): { readonly from: number; readonly to: number } {
  const inverse = Math.round(1 / factor);
  return factor < 1 && Math.abs(inverse * factor - 1) < 1e-6
    ? { from: inverse, to: 1 }
    : { from: 1, to: factor };
}

function asCell(value: unknown): Cell {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : JSON.stringify(value);
    default:
      return undefined;
  }
}
