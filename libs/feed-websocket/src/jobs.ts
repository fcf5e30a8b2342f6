import { err, ok, TickwellError, type Result } from '@tickwell/domain';
import {
  liveNames,
  VERBATIM,
  type Clock,
  type FeedJob,
  type InstrumentResolver,
  type LiveReport,
} from '@tickwell/ports';
import { SERIES, type Channel, type Series, type WebsocketDefinition } from './definition.ts';
import { WebsocketSource, type FeedInstrument, type LastStored, type OnReport } from './live-source.ts';
import { readSecrets } from './secrets.ts';
import { openSocket } from './socket.ts';

/** What all jobs of a process share. */
export interface WebsocketContext {
  readonly clock: Clock;
  /** Where secrets come from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the feed calls instruments of which the job says the id alone; without it an id is the name. */
  readonly names?: InstrumentResolver | undefined;
  /** Where series of earlier sessions went on to be stored; without it a session does not look back. */
  readonly lastStored?: LastStored | undefined;
  /** Holes, refused subscriptions, states of connections. */
  readonly onReport?: OnReport | undefined;
  /** Events that wait for the reader before the feed is slowed down; default 50,000. */
  readonly maxQueued?: number | undefined;
}

export interface WebsocketOptions {
  readonly definition: WebsocketDefinition;
  readonly instruments: readonly FeedInstrument[];
  /** Default: every channel of the definition. */
  readonly series?: readonly Series[] | undefined;
  /** Of bars; default: every one that the definition has. */
  readonly interval?: string | undefined;
}

const MAX_QUEUED = 50_000;
const MAX_INSTRUMENTS = 10_000;

/** One live session of all instruments; its source is the definition's name. Errors: every problem of the options. */
export function websocketJob(
  options: WebsocketOptions,
  context: WebsocketContext,
): Result<readonly FeedJob[], readonly string[]> {
  const { definition, instruments } = options;
  const channels = channelsOf(options);
  const problems = [...instrumentProblems(instruments), ...seriesProblems(options, channels)];
  if (problems.length > 0) return err(problems);
  const job: FeedJob = {
    name: `${definition.name} live`,
    open: (logger, { onReport } = {}) => {
      const secrets = readSecrets(definition.secrets, context.env);
      if (!secrets.ok) {
        const what = `${definition.name}: ${secrets.error.join('; ')}`;
        return Promise.resolve(err(new TickwellError('websocket-secret', what)));
      }
      const { clock, names: resolver = VERBATIM } = context;
      const report = (told: LiveReport): void => {
        context.onReport?.(definition.name, told);
        onReport?.(told);
      };
      const known = liveNames(
        instruments.map(({ symbol, ticker }) => ({ symbol, vendor: ticker })),
        { resolver, source: definition.name, timeNs: clock.nowNs(), logger, report },
      );
      if (!known.ok) return Promise.resolve(known);
      const source = new WebsocketSource({
        definition,
        secrets: secrets.value,
        instruments: known.value.map(({ symbol, vendor }) => ({ symbol, ticker: vendor })),
        channels,
        clock,
        logger,
        open: openSocket,
        random: Math.random,
        lastStored: context.lastStored,
        onReport: (_source, told) => {
          report(told);
        },
        maxQueued: context.maxQueued ?? MAX_QUEUED,
      });
      return Promise.resolve(ok(source));
    },
  };
  return ok([job]);
}

function channelsOf({ definition, series, interval }: WebsocketOptions): readonly Channel[] {
  return definition.channels.filter(
    (channel) =>
      (series === undefined || series.includes(channel.series)) &&
      (channel.series !== 'bars' || interval === undefined || channel.interval === interval),
  );
}

function instrumentProblems(instruments: readonly FeedInstrument[]): string[] {
  if (instruments.length === 0) return ['symbols must be a list of at least one instrument'];
  if (instruments.length > MAX_INSTRUMENTS)
    return [`symbols are ${instruments.length}; at most ${MAX_INSTRUMENTS} are possible`];
  const problems: string[] = [];
  const symbols = new Set<string>();
  const tickers = new Map<string, string>();
  for (const { symbol, ticker } of instruments) {
    if (symbols.has(symbol)) problems.push(`instrument ${symbol} is named twice`);
    symbols.add(symbol);
    const other = tickers.get(ticker);
    if (other !== undefined && other !== symbol)
      problems.push(`instruments ${other} and ${symbol} both claim ${ticker}: its events can be only one's`);
    tickers.set(ticker, symbol);
  }
  return problems;
}

function seriesProblems(
  { definition, series = [] }: WebsocketOptions,
  channels: readonly Channel[],
): string[] {
  const has = SERIES.filter((one) => definition.channels.some((channel) => channel.series === one)).join(
    ', ',
  );
  const missing = series.filter((one) => !channels.some((channel) => channel.series === one));
  if (missing.length > 0) return [`kinds ${missing.join(', ')}: ${definition.name} has ${has}`];
  return channels.length === 0 ? [`kinds are none of those that ${definition.name} has: ${has}`] : [];
}
