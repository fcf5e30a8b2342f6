import type { Result, TickwellError } from '@tickwell/domain';
import type { ProviderRuntime } from '@tickwell/feed-provider';
import { loadWebsocketDefinition, readyDefinitions } from '@tickwell/feed-websocket';

/** One source, as `tickwell source list` shows it. */
export interface SourceRow {
  readonly name: string;
  readonly kind: 'built in' | 'ready' | 'configured';
  /** Kinds of events. */
  readonly history: readonly string[];
  readonly live: readonly string[];
  readonly intervals: readonly string[];
  readonly priceBasis: string;
  /** "50/h, 1000/day" */
  readonly limits: string;
  /** The file of a configured one. */
  readonly path?: string;
  /** Why it cannot be used; the rest is empty then. */
  readonly problem?: string;
}

/** Feeds that have commands of their own. */
export const BUILT_IN: readonly SourceRow[] = [
  {
    name: 'ib',
    kind: 'built in',
    history: ['bars', 'trades', 'quotes', 'fundamentals'],
    live: ['trades', 'quotes', 'bars'],
    intervals: ['1s', '5s', '1m', '5m', '1h', '1d', '1w', '1mo'],
    priceBasis: 'split-adjusted',
    limits: "IB's pacing",
  },
  {
    name: 'yahoo',
    kind: 'built in',
    history: ['bars', 'actions'],
    live: [],
    intervals: ['1m', '2m', '5m', '15m', '30m', '1h', '1d', '1w', '1mo'],
    priceBasis: 'split-adjusted',
    limits: '2/s',
  },
  {
    name: 'files',
    kind: 'built in',
    history: ['bars', 'trades', 'quotes'],
    live: ['replay'],
    intervals: ['any'],
    priceBasis: 'as said',
    limits: '',
  },
];

export function sourceRow(
  kind: 'ready' | 'configured',
  path: string,
  loaded: Result<ProviderRuntime, TickwellError>,
): SourceRow {
  const where = kind === 'configured' ? { path } : {};
  if (!loaded.ok) {
    const nothing = { history: [], live: [], intervals: [], priceBasis: '', limits: '' };
    return { name: path, kind, ...nothing, ...where, problem: loaded.error.message };
  }
  const { declared } = loaded.value;
  const { name, kinds, liveKinds, intervals, priceBasis } = declared;
  return {
    name,
    kind,
    history: kinds,
    live: liveKinds,
    intervals,
    priceBasis,
    limits: limitsText(declared.limits),
    ...where,
  };
}

/** The ready feeds over WebSocket: live only, and nothing is asked but what is subscribed. */
export function websocketRows(): readonly SourceRow[] {
  return readyDefinitions().map((path): SourceRow => {
    const loaded = loadWebsocketDefinition(path);
    const row = { name: path, kind: 'ready', history: [], limits: '' } as const;
    if (!loaded.ok)
      return { ...row, live: [], intervals: [], priceBasis: '', problem: loaded.error.join('; ') };
    const { channels, priceBasis } = loaded.value;
    return {
      ...row,
      live: [...new Set(channels.map(({ series }) => series))],
      intervals: channels.flatMap(({ interval }) => (interval === '' ? [] : [interval])),
      priceBasis,
    };
  });
}

const UNITS = [
  ['requestsPerSecond', '/s'],
  ['requestsPerMinute', '/min'],
  ['requestsPerHour', '/h'],
  ['requestsPerDay', '/day'],
] as const;

function limitsText(limits: ProviderRuntime['declared']['limits']): string {
  const said = UNITS.flatMap(([name, unit]) =>
    limits[name] === undefined ? [] : [`${limits[name]}${unit}`],
  );
  return said.length === 0 ? '2/s' : said.join(', ');
}
