import type {
  Finding,
  FindingCount,
  FreshnessCount,
  FreshnessState,
  QualityEvent,
  SeriesFreshness,
  SourceReport,
  SourceState,
} from '@tickwell/client';
import { formatNs } from '@tickwell/domain';
import { formatCount, formatDuration } from '../format/numbers.ts';
import { formatTable, type TableColumn } from '../format/table.ts';
import type { Paint, Terminal } from '../terminal.ts';

type PaintText = Terminal['paint'];

/** The worst first. */
const SOURCE_ORDER: readonly SourceState[] = [
  'down',
  'paced',
  'degraded',
  'up',
  'stopped',
  'finished',
  'none',
];
const FRESHNESS_ORDER: readonly FreshnessState[] = ['stale', 'late', 'unknown', 'fresh', 'closed', 'ended'];
const COLOURS: Readonly<Record<SourceState | FreshnessState, Paint | undefined>> = {
  down: 'red',
  stale: 'red',
  paced: 'yellow',
  degraded: 'yellow',
  late: 'yellow',
  unknown: 'yellow',
  up: 'green',
  fresh: 'green',
  stopped: 'dim',
  finished: 'dim',
  none: 'dim',
  closed: 'dim',
  ended: 'dim',
};
const MAX_TEXT = 100;

const SOURCE_COLUMNS: readonly TableColumn[] = [
  { title: 'source' },
  { title: 'state' },
  { title: 'since' },
  { title: 'available', align: 'right' },
  { title: 'outages', align: 'right' },
  { title: 'received', align: 'right' },
  { title: 'errors', align: 'right' },
  { title: 'complete', align: 'right' },
  { title: 'series' },
  { title: 'why' },
];
const STREAM_COLUMNS: readonly TableColumn[] = [
  { title: 'source' },
  { title: 'stream' },
  { title: 'state' },
  { title: 'reported' },
  { title: 'events', align: 'right' },
  { title: 'refused', align: 'right' },
  { title: 'why' },
];
const SERIES_COLUMNS: readonly TableColumn[] = [
  { title: 'symbol' },
  { title: 'source' },
  { title: 'kind' },
  { title: 'state' },
  { title: 'overdue', align: 'right' },
  { title: 'newest event' },
  { title: 'calendar' },
  { title: 'why' },
];
const FINDING_COLUMNS: readonly TableColumn[] = [
  { title: 'known at' },
  { title: 'severity' },
  { title: 'rule' },
  { title: 'symbol' },
  { title: 'source' },
  { title: 'kind' },
  { title: 'message' },
];
const COUNT_COLUMNS: readonly TableColumn[] = [
  { title: 'findings', align: 'right' },
  { title: 'severity' },
  { title: 'rule' },
  { title: 'source' },
  { title: 'kind' },
  { title: 'last' },
  { title: 'for example' },
];

/** A line per source, the worst first. */
export function sourceLines(sources: readonly SourceReport[], paint: PaintText): readonly string[] {
  return formatTable(
    SOURCE_COLUMNS,
    worstSources(sources).map((one) => [
      one.source,
      stateText(one.state, paint),
      one.state === 'none' ? '-' : shortTime(one.sinceNs),
      percent(one.availability),
      one.upNs + one.downNs === 0n ? '-' : formatCount(one.outages),
      formatCount(one.received),
      percent(one.errorRate, 2),
      percent(one.completeness?.share),
      seriesText(one.freshness, paint),
      clip(one.state === 'up' ? '' : one.reason),
    ]),
  );
}

/** Down before up, and of what is alike the one with most errors. */
export function worstSources(sources: readonly SourceReport[]): readonly SourceReport[] {
  return [...sources].sort(
    (a, b) =>
      SOURCE_ORDER.indexOf(a.state) - SOURCE_ORDER.indexOf(b.state) ||
      (a.availability ?? 1) - (b.availability ?? 1) ||
      (b.errorRate ?? 0) - (a.errorRate ?? 0),
  );
}

export function seriesLines(series: readonly SeriesFreshness[], paint: PaintText): readonly string[] {
  return formatTable(
    SERIES_COLUMNS,
    series.map((one) => [
      one.symbol,
      one.source,
      `${one.kind} ${one.interval}`.trim(),
      stateText(one.state, paint),
      one.overdueNs === 0n ? '-' : duration(one.overdueNs),
      shortTime(one.eventNs),
      one.calendar === '' ? '-' : one.calendar,
      clip(one.reason),
    ]),
  );
}

export function findingLines(findings: readonly Finding[], paint: PaintText): readonly string[] {
  return formatTable(
    FINDING_COLUMNS,
    findings.map((one) => [
      shortTime(one.knownAtNs),
      severityText(one.severity, paint),
      one.rule,
      one.symbol,
      one.source,
      one.kind,
      clip(one.message),
    ]),
  );
}

export function countLines(counts: readonly FindingCount[], paint: PaintText): readonly string[] {
  return formatTable(
    COUNT_COLUMNS,
    counts.map((one) => [
      formatCount(one.findings),
      severityText(one.severity, paint),
      one.rule,
      one.source,
      one.refused ? 'refused' : one.kind,
      shortTime(one.lastKnownAtNs),
      clip(one.example),
    ]),
  );
}

/** One change, or what there was. */
export function watchLine(event: QualityEvent, paint: PaintText): string {
  switch (event.kind) {
    case 'current':
      return paint('dim', '-- from here on as it happens --');
    case 'finding': {
      const { knownAtNs, severity, rule, symbol, source, message } = event.finding;
      return `${shortTime(knownAtNs)}  ${severityText(severity, paint)}  ${rule}  ${symbol} of ${source}: ${clip(message)}`;
    }
    case 'source': {
      const { source, state, reason, reportedAtNs } = event.source;
      return `${shortTime(reportedAtNs)}  source ${source} is ${stateText(state, paint)}${reason === '' ? '' : `: ${clip(reason)}`}`;
    }
    case 'freshness': {
      const { symbol, source, kind, interval, state, eventNs, reason } = event.series;
      const series = `${symbol} ${`${kind} ${interval}`.trim()} of ${source}`;
      return `${shortTime(eventNs)}  ${series} is ${stateText(state, paint)}${reason === '' ? '' : `: ${clip(reason)}`}`;
    }
  }
}

export function watchJson(event: QualityEvent): object {
  switch (event.kind) {
    case 'current':
      return { type: 'current' };
    case 'finding':
      return { type: 'finding', ...findingJson(event.finding) };
    case 'source': {
      const { reportedAtNs, ...source } = event.source;
      return { type: 'source', ...source, reportedAt: formatTime(reportedAtNs) };
    }
    case 'freshness':
      return { type: 'freshness', ...seriesJson(event.series) };
  }
}

/** "3 stale, 2 late, 120 fresh", the worst first; "" where there is nothing. */
export function stateCounts(counts: readonly FreshnessCount[], paint: PaintText): string {
  const sums = FRESHNESS_ORDER.map((state) => ({
    state,
    series: counts.filter((one) => one.state === state).reduce((sum, { series }) => sum + series, 0),
  }));
  return sums
    .filter(({ series }) => series > 0)
    .map(({ state, series }) => paintState(state, `${formatCount(series)} ${state}`, paint))
    .join(', ');
}

/** Of every source its streams, the newest report first. */
export function streamLines(sources: readonly SourceReport[], paint: PaintText): readonly string[] {
  const rows = sources.flatMap(({ source, streams }) =>
    streams.map((one) => [
      source,
      one.stream,
      stateText(one.state, paint),
      shortTime(one.reportedAtNs),
      formatCount(one.events),
      formatCount(one.refused),
      clip(one.reason),
    ]),
  );
  return rows.length === 0 ? [] : ['', ...formatTable(STREAM_COLUMNS, rows)];
}

/** The least complete series of each source. */
export function worstLines(sources: readonly SourceReport[]): readonly string[] {
  return sources.flatMap(({ source, completeness }) =>
    (completeness?.worst ?? []).map(
      ({ symbol, interval, expected, arrived }) =>
        `${symbol} ${interval} of ${source}: ${formatCount(expected - arrived)} of ${formatCount(expected)} bars are missing`,
    ),
  );
}

export function sourceJson({
  freshness,
  sinceNs,
  reportedAtNs,
  upNs,
  downNs,
  streams,
  ...one
}: SourceReport): object {
  return {
    ...one,
    since: formatTime(sinceNs),
    reportedAt: formatTime(reportedAtNs),
    upSeconds: seconds(upNs),
    downSeconds: seconds(downNs),
    freshness: Object.fromEntries(freshness.map(({ state, series }) => [state, series])),
    streams: streams.map(({ reportedAtNs: at, ...stream }) => ({ ...stream, reportedAt: formatTime(at) })),
  };
}

export function seriesJson(one: SeriesFreshness): object {
  const { symbol, source, kind, interval, priceType, state, stored, calendar, reason } = one;
  return {
    ...{ symbol, source, kind, interval, priceType, state },
    event: formatTime(one.eventNs),
    knownAt: formatTime(one.knownAtNs),
    stored,
    storedAt: formatTime(one.storedAtNs),
    ageSeconds: seconds(one.ageNs),
    overdueSeconds: seconds(one.overdueNs),
    lateAfterSeconds: seconds(one.lateAfterNs),
    staleAfterSeconds: seconds(one.staleAfterNs),
    ...{ calendar, reason },
  };
}

export function findingJson({ knownAtNs, startNs, endNs, ...one }: Finding): object {
  return { ...one, knownAt: formatTime(knownAtNs), from: formatTime(startNs), to: formatTime(endNs) };
}

export function countJson({ firstKnownAtNs, lastKnownAtNs, ...one }: FindingCount): object {
  return { ...one, firstKnownAt: formatTime(firstKnownAtNs), lastKnownAt: formatTime(lastKnownAtNs) };
}

function stateText(state: SourceState | FreshnessState, paint: PaintText): string {
  return paintState(state, state === 'none' ? '-' : state, paint);
}

function paintState(state: SourceState | FreshnessState, text: string, paint: PaintText): string {
  const colour = COLOURS[state];
  return colour === undefined ? text : paint(colour, text);
}

function severityText(severity: Finding['severity'], paint: PaintText): string {
  return severity === 'error'
    ? paint('red', severity)
    : severity === 'warning'
      ? paint('yellow', severity)
      : severity;
}

function seriesText(counts: readonly FreshnessCount[], paint: PaintText): string {
  return counts.length === 0 ? '-' : stateCounts(counts, paint);
}

/** Rounded down, so that 100 means all; of errors up, so that 0 means none. */
function percent(share: number | undefined, digits = 1): string {
  if (share === undefined) return '-';
  const scale = 100 * 10 ** digits;
  const value = digits === 1 ? Math.floor(share * scale) : Math.ceil(share * scale);
  return `${(value / 10 ** digits).toFixed(digits)} %`;
}

function clip(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}

function duration(ns: bigint): string {
  return formatDuration(Number(ns / 1_000_000n));
}

function seconds(ns: bigint): number {
  return Number(ns) / 1e9;
}

/** null: not known. */
function formatTime(ns: bigint): string | null {
  return ns === 0n ? null : formatNs(ns);
}

/** To the second. */
function shortTime(ns: bigint): string {
  return ns === 0n ? '-' : formatNs(ns - (ns % 1_000_000_000n));
}
