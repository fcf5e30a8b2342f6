import { err, ok, type Result } from '@tickwell/domain';
import type { ColumnMapping, ColumnRef, FileSourceOptions, Role } from './options.ts';

/** Column indexes of each role; several indexes are joined with a space. */
export type ResolvedMapping = ReadonlyMap<Role, readonly number[]>;

/** Names a header may use, best first; compared in lower case without anything but letters and digits. */
const ALIASES: Readonly<Record<Role, readonly string[]>> = {
  time: [
    'timestamp',
    'datetime',
    'ts',
    'time',
    'date',
    'dt',
    'timeutc',
    'timestamputc',
    'eventtime',
    'tradetime',
    'starttime',
    'opentime',
    't',
    'epoch',
    'timens',
    'timems',
    'startns',
    '',
  ],
  symbol: ['symbol', 'ticker', 'instrument', 'sym', 'code', 'stock'],
  seq: ['seq', 'sequence', 'seqno', 'sequencenumber'],
  price: ['price', 'last', 'lastprice', 'tradeprice', 'px', 'p'],
  size: ['size', 'qty', 'quantity', 'amount', 'volume', 'vol', 'lastsize', 's'],
  conditions: ['conditions', 'condition', 'cond'],
  venue: ['venue', 'exchange', 'exch', 'ex'],
  bid: ['bid', 'bidprice', 'bestbid', 'bidpx', 'bestbidprice', 'bid1'],
  ask: ['ask', 'askprice', 'bestask', 'askpx', 'offer', 'ofr', 'bestaskprice', 'ask1'],
  bidSize: ['bidsize', 'bidsz', 'bidsiz', 'bidqty', 'bidamount', 'bidvolume', 'bidsize1'],
  askSize: [
    'asksize',
    'asksz',
    'asksiz',
    'askqty',
    'askamount',
    'askvolume',
    'offersize',
    'ofrsiz',
    'asksize1',
  ],
  open: ['open', 'openprice', 'o'],
  high: ['high', 'highprice', 'h'],
  low: ['low', 'lowprice', 'l'],
  close: ['close', 'closeprice', 'last', 'c'],
  volume: ['volume', 'vol', 'v'],
  vwap: ['vwap', 'wap'],
  tradeCount: ['tradecount', 'trades', 'numberoftrades', 'count'],
};

const ROLES: Readonly<
  Record<FileSourceOptions['kind'], { required: readonly Role[]; optional: readonly Role[] }>
> = {
  trades: { required: ['time', 'price'], optional: ['size', 'seq', 'conditions', 'venue'] },
  quotes: { required: ['time', 'bid', 'ask'], optional: ['bidSize', 'askSize', 'seq'] },
  bars: { required: ['time', 'open', 'high', 'low', 'close'], optional: ['volume', 'vwap', 'tradeCount'] },
};

/** Finds the column of every role: explicit first, then by name. `columns` null: the file names none. Errors: one line, no file name. */
export function resolveMapping(
  columns: readonly string[] | null,
  options: Pick<FileSourceOptions, 'kind' | 'mapping' | 'symbol'>,
): Result<ResolvedMapping, string> {
  const { required, optional } = ROLES[options.kind];
  const explicit: ColumnMapping = options.mapping ?? {};
  const wanted: readonly Role[] = [
    ...required,
    ...(options.symbol === undefined ? (['symbol'] as const) : []),
  ];
  const allowed = new Set<Role>([...wanted, ...optional]);
  const foreign = (Object.keys(explicit) as Role[]).filter((role) => !allowed.has(role));
  if (foreign.length > 0) {
    return err(
      `the mapping names ${foreign.join(', ')}, which ${options.kind} do not have: use ${[...allowed].join(', ')}`,
    );
  }
  const found = new Map<Role, readonly number[]>();
  for (const role of allowed) {
    const ref = explicit[role];
    const at = ref === undefined ? detect(role, columns) : locate(ref, columns);
    if (!at.ok) return err(`${role}: ${at.error}`);
    if (at.value !== undefined) found.set(role, at.value);
  }
  const missing = wanted.filter((role) => !found.has(role));
  if (missing.length === 0) return ok(found);
  return err(missingText(missing, columns));
}

function missingText(missing: readonly Role[], columns: readonly string[] | null): string {
  const names =
    columns === null
      ? 'the file has no header, so map columns by index from 0, for example time=0,price=1'
      : `its columns are ${columns.slice(0, 30).join(', ')}: map one, for example ${missing[0]}=${columns[0] ?? '0'}`;
  const symbol = missing.includes('symbol') ? ' (or give one symbol for the whole file)' : '';
  return `no column for ${missing.join(', ')}${symbol}; ${names}`;
}

function detect(
  role: Role,
  columns: readonly string[] | null,
): Result<readonly number[] | undefined, string> {
  if (columns === null) return ok(undefined);
  const normalised = columns.map((name) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''));
  if (role === 'time' && normalised.includes('date') && normalised.includes('time')) {
    return err('both a date and a time column: say time=date+time, or which of them is the whole time');
  }
  for (const alias of ALIASES[role]) {
    const at = normalised.indexOf(alias);
    if (at >= 0) return ok([at]);
  }
  return ok(undefined);
}

function locate(ref: ColumnRef, columns: readonly string[] | null): Result<readonly number[], string> {
  const indexes: number[] = [];
  for (const part of typeof ref === 'object' ? ref : [ref]) {
    const index = typeof part === 'number' ? part : indexOfName(part, columns);
    if (
      index === undefined ||
      !Number.isInteger(index) ||
      index < 0 ||
      (columns !== null && index >= columns.length)
    ) {
      const have =
        columns === null ? 'the file names no columns' : `its columns are ${columns.slice(0, 30).join(', ')}`;
      return err(`there is no column ${JSON.stringify(part)}; ${have}`);
    }
    indexes.push(index);
  }
  return ok(indexes);
}

function indexOfName(name: string, columns: readonly string[] | null): number | undefined {
  if (columns === null) return undefined;
  const exact = columns.indexOf(name);
  if (exact >= 0) return exact;
  const folded = columns.findIndex((column) => column.toLowerCase() === name.toLowerCase());
  return folded >= 0 ? folded : undefined;
}

/**
 * Parses `time=Date,close="Adj Close",price=3` or `time=date+time` as the command line takes it. A number is an index from 0; quotes
 * keep a name whole. Errors name the piece that is wrong.
 */
export function parseMapping(text: string): Result<ColumnMapping, string> {
  const mapping: Partial<Record<Role, ColumnRef>> = {};
  const pair = /\s*([A-Za-z]+)\s*=\s*((?:"[^"]*"|[^,"])+)\s*(?:,|$)/y;
  while (pair.lastIndex < text.length) {
    const rest = text.slice(pair.lastIndex);
    const match = pair.exec(text);
    const [, role = '', column = ''] = match ?? [];
    if (column.trim() === '') return err(wrongPiece(rest));
    if (!isRole(role)) return err(`"${role}" is not one of ${Object.keys(ALIASES).join(', ')}`);
    if (mapping[role] !== undefined) return err(`"${role}" is named twice: each role has one column`);
    mapping[role] = parseRef(column.trim());
  }
  return Object.keys(mapping).length > 0 ? ok(mapping) : err(wrongPiece(text));
}

function wrongPiece(rest: string): string {
  const [piece = ''] = rest.split(',');
  const what = /^\s*[A-Za-z]+\s*=\s*$/.test(piece) ? 'names no column' : 'is not role=column';
  return `"${piece.trim()}" ${what}: say for example time=Date,close="Adj Close"`;
}

function parseRef(text: string): ColumnRef {
  const parts = [...text.matchAll(/"([^"]*)"|([^+]+)/g)].map((match) => {
    const bare = match[2]?.trim();
    if (bare === undefined) return match[1] ?? '';
    return /^\d+$/.test(bare) ? Number(bare) : bare;
  });
  return parts.length === 1 ? (parts[0] ?? '') : parts;
}

/** Whether a text names a role. */
export function isRole(text: string): text is Role {
  return Object.hasOwn(ALIASES, text);
}
