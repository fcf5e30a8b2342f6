import { EventLedger, TickwellError, type SeriesSum, type SummedKind } from '@tickwell/domain';
import type { Instrument, TickwellClient } from './client.ts';
import { sumOf, type CountedEvent } from './stream-account.ts';
import type { Subscription } from './subscription.ts';

/** Kinds that are stored. */
export type VerifiedKind = Exclude<SummedKind, 'forming-bars'>;

export interface VerifyOptions {
  /** Left out or empty: every symbol. */
  readonly symbols?: readonly string[];
  /** Left out or empty: all that are stored. */
  readonly kinds?: readonly VerifiedKind[];
  readonly source?: string;
  /** Of bars and indicators; left out: every interval. */
  readonly intervals?: readonly string[];
  /** Span of event time, ns since the epoch, half-open; left out: everything up to a minute ago. */
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  readonly signal?: AbortSignal;
}

/** One symbol, source and kind, read in two ways. Hashes as in {@link SeriesCount}. */
export interface VerifiedSeries {
  readonly symbol: string;
  readonly source: string;
  readonly kind: VerifiedKind;
  readonly streamed: { readonly events: number; readonly hash: string };
  readonly stored: { readonly events: number; readonly hash: string };
  readonly same: boolean;
}

export interface VerifyReport {
  readonly series: readonly VerifiedSeries[];
  readonly same: boolean;
  /** What was compared. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Readings that it took: what is stored or corrected meanwhile makes another one necessary. */
  readonly attempts: number;
}

const KINDS: readonly VerifiedKind[] = ['trades', 'quotes', 'bars', 'indicators'];
const MAX_ATTEMPTS = 3;
const MAX_SERIES = 50_000;
const NS_PER_MS = 1_000_000n;
const SETTLING_NS = 60_000_000_000n;

/**
 * Reads a span by Subscribe, up to its statement, and once more by GetTicks, GetQuotes, GetBars and GetIndicators, and compares counts and hashes.
 * Subscribe's own check of what came against what was sent throws `statement-mismatch`.
 */
export async function verify(
  client: TickwellClient,
  options: VerifyOptions = {},
  nowNs = BigInt(Date.now()) * NS_PER_MS,
): Promise<VerifyReport> {
  const { startNs = 0n, endNs = nowNs - SETTLING_NS } = options;
  if (endNs > nowNs)
    throw new TickwellError(
      'invalid-argument',
      'verify: the end lies in the future: what is still to come cannot be compared',
    );
  if (startNs >= endNs)
    throw new TickwellError('invalid-argument', 'verify: the start is not before the end: swap them');
  const span = { startNs, endNs };
  for (let attempts = 1; ; attempts += 1) {
    const streamed = await readStream(client, options, span);
    const stored = await readStored(client, options, span);
    const series = compare(streamed, stored);
    const same = series.every((one) => one.same);
    if (same || attempts === MAX_ATTEMPTS) return { series, same, ...span, attempts };
  }
}

interface NsSpan {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

async function readStream(
  client: TickwellClient,
  options: VerifyOptions,
  span: NsSpan,
): Promise<EventLedger> {
  const { symbols = [], source, intervals, signal } = options;
  const ledger = new EventLedger();
  const subscription: Subscription = client.subscribe({
    symbols,
    kinds: kindsOf(options),
    sinceNs: span.startNs,
    until: span.endNs,
    stored: true,
    ...(source === undefined ? {} : { source }),
    ...(intervals === undefined ? {} : { intervals }),
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const event of subscription)
    if (event.kind !== 'live' && event.kind !== 'snapshot-end') addTo(ledger, event);
  return ledger;
}

async function readStored(
  client: TickwellClient,
  options: VerifyOptions,
  span: NsSpan,
): Promise<EventLedger> {
  const ledger = new EventLedger();
  for (const series of await wantedSeries(client, options)) {
    for await (const event of storedEvents(client, series, span, options.signal)) addTo(ledger, event);
  }
  return ledger;
}

function kindsOf({ kinds = [] }: VerifyOptions): readonly VerifiedKind[] {
  return kinds.length === 0 ? KINDS : kinds;
}

async function wantedSeries(client: TickwellClient, options: VerifyOptions): Promise<readonly Instrument[]> {
  const { symbols = [], source = '', intervals = [], signal } = options;
  const lists: Instrument[] = [];
  const prefixes = symbols.length === 0 ? [''] : symbols;
  for (const prefix of prefixes) {
    const listed = await client.instruments({
      prefix,
      limit: MAX_SERIES,
      ...(signal === undefined ? {} : { signal }),
    });
    if (listed.truncated)
      throw new TickwellError('limit-exceeded', `verify: more than ${MAX_SERIES} series: name fewer symbols`);
    lists.push(...listed.instruments.filter(({ symbol }) => prefix === '' || symbol === prefix));
  }
  const kinds = new Set<string>(kindsOf(options));
  return lists.filter(
    (one) =>
      kinds.has(one.kind) &&
      (source === '' || one.source === source) &&
      (one.interval === '' || intervals.length === 0 || intervals.includes(one.interval)),
  );
}

/** The rows of one series by the call for its kind, as events. */
async function* storedEvents(
  client: TickwellClient,
  { symbol, source, kind, interval, priceType, specId }: Instrument,
  span: NsSpan,
  signal: AbortSignal | undefined,
): AsyncGenerator<CountedEvent> {
  const query = { symbol, source, ...span, ...(signal === undefined ? {} : { signal }) };
  const series = { symbol, source };
  if (kind === 'trades') {
    for await (const { trades } of client.ticks(query)) yield { ...series, kind, trades };
  } else if (kind === 'quotes') {
    for await (const { quotes } of client.quotes(query)) yield { ...series, kind, quotes };
  } else if (kind === 'bars') {
    for await (const { bars } of client.bars({ ...query, interval, priceType }))
      yield { ...series, kind, interval, priceType, bars };
  } else if (kind === 'indicators') {
    for await (const values of client.indicators({ ...query, interval, priceType, specId, mode: 'stored' }))
      yield { ...series, kind, interval, priceType, specId, values };
  }
}

function addTo(ledger: EventLedger, event: CountedEvent): void {
  const { symbol, source, kind } = event;
  ledger.add({ symbol, source, kind, sum: sumOf(event) });
}

function compare(streamed: EventLedger, stored: EventLedger): VerifiedSeries[] {
  const all = new EventLedger();
  for (const one of [...streamed.series(), ...stored.series()]) all.add(one);
  return all.series().flatMap((one) => {
    const [a, b] = [streamed.of(one), stored.of(one)];
    if (one.kind === 'forming-bars') return [];
    const { symbol, source, kind } = one;
    return [{ symbol, source, kind, streamed: shown(a), stored: shown(b), same: a.equals(b) }];
  });
}

function shown({ events, hash }: SeriesSum['sum']): { readonly events: number; readonly hash: string } {
  return { events, hash: hash.toString(16).padStart(32, '0') };
}
