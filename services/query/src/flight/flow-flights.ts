import type { HistoryReader, StoredSeries } from '@tickwell/ports';
import type { FlightCommand } from './command.ts';
import type { FlowRead, FlowTable } from './flow-table.ts';

/** Most series that are listed at once. */
export const MAX_SERIES = 50_000;
/** Rows of an endpoint: so many are a fraction of a second. */
const PART_ROWS = 1_000_000;
const MAX_PARTS = 64;

/** A symbol of a library of the flow. */
export interface FlowFlight {
  readonly library: string;
  readonly symbol: string;
  /** Of all sources. */
  readonly rows: number;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/** What there is, in the order of libraries and symbols; a symbol's sources are one flight. Indicators are none: they are computed on demand. */
export function flightsOf(series: readonly StoredSeries[]): readonly FlowFlight[] {
  const flights = new Map<string, FlowFlight>();
  for (const one of series) {
    const library = libraryOf(one);
    if (library === undefined) continue;
    const { symbol, rows, firstNs, lastNs } = one;
    const key = `${library}\n${symbol}`;
    const known = flights.get(key);
    flights.set(key, {
      library,
      symbol,
      rows: rows + (known?.rows ?? 0),
      firstNs: known === undefined || firstNs < known.firstNs ? firstNs : known.firstNs,
      lastNs: known === undefined || lastNs > known.lastNs ? lastNs : known.lastNs,
    });
  }
  return [...flights.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, flight]) => flight);
}

function libraryOf({ kind, interval, priceType = 'trade' }: StoredSeries): string | undefined {
  if (kind === 'trades' || kind === 'quotes') return `md.${kind}`;
  return kind === 'bars' && priceType === 'trade' ? `md.bars.${interval}` : undefined;
}

/** What there is of a symbol in a table; undefined: nothing. */
export async function seriesOf(
  reader: Pick<HistoryReader, 'series'>,
  { kind, interval }: Pick<FlowTable, 'kind' | 'interval'>,
  symbol: string,
  source: unknown,
): Promise<FlowFlight | undefined> {
  const series = await reader.series({ symbolPrefix: symbol, limit: MAX_SERIES });
  const own = series.filter(
    (one) =>
      one.symbol === symbol &&
      one.kind === kind &&
      one.interval === interval &&
      (typeof source !== 'string' || source === '' || source === one.source),
  );
  return flightsOf(own)[0];
}

const OF_ROWS: ReadonlySet<string> = new Set(['source', 'columns', 'start', 'end', 'range']);

/** A long read in parts by time, each an endpoint that can be read beside the others; one part where rows depend on more than their own time. */
export function partsOf(
  command: FlightCommand,
  read: FlowRead,
  series: FlowFlight,
): readonly FlightCommand[] {
  const { rest } = command;
  const count = Math.min(MAX_PARTS, Math.ceil(series.rows / PART_ROWS));
  if (count <= 1 || !read.isWhole || Object.keys(rest).some((name) => !OF_ROWS.has(name))) return [command];
  const [fromNs, toNs] = [read.range?.startNs ?? 0n, read.range?.endNs ?? 0n];
  const startNs = max(fromNs, series.firstNs);
  const endNs = toNs === 0n ? series.lastNs + 1n : toNs;
  if (endNs - startNs < BigInt(count)) return [command];
  const others = Object.fromEntries(
    Object.entries(rest).filter(([name]) => name !== 'start' && name !== 'end' && name !== 'range'),
  );
  const cut = (part: number): bigint => startNs + ((endNs - startNs) * BigInt(part)) / BigInt(count);
  // The first and the last part go as far as was asked: what is stored meanwhile is of one of them.
  const bound = (name: string, ns: bigint): Readonly<Record<string, string>> =>
    ns === 0n ? {} : { [name]: String(ns) };
  return Array.from({ length: count }, (_, part) => {
    const start = bound('start', part === 0 ? fromNs : cut(part));
    const end = bound('end', part === count - 1 ? toNs : cut(part + 1));
    return { ...command, rest: { ...others, ...start, ...end } };
  });
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
