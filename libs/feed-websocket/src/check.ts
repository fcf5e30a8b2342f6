import { TickwellError } from '@tickwell/domain';
import { SILENT, type Clock, type FeedItem, type FeedRefusal, type LiveReport } from '@tickwell/ports';
import type { Channel, WebsocketDefinition } from './definition.ts';
import { loadWebsocketDefinition } from './job-reader.ts';
import { websocketJob, type WebsocketContext } from './jobs.ts';

/** What became of one check. */
export interface WebsocketFinding {
  readonly check: string;
  readonly outcome: 'pass' | 'fail' | 'skip';
  /** One line: what was seen, and of what failed the remedy. */
  readonly message: string;
}

type Outcome = Omit<WebsocketFinding, 'check'>;

export interface WebsocketCheckOptions {
  /** As the feed calls it; default: the definition's example. */
  readonly symbol?: string | undefined;
  /** Of bars; default: every one that the definition has. */
  readonly interval?: string | undefined;
  /** How long every channel is waited for, in ms. */
  readonly liveMs: number;
}

type Context = Pick<WebsocketContext, 'clock' | 'env'>;

/** A symbol that no feed has. */
const NO_SYMBOL = 'ZZQX9NOSUCH';
const STOP_MS = 5000;
/** How long a feed is waited for to refuse a subscription. */
const REFUSED_MS = 5000;
const SHOWN_REASONS = 3;
const SHOWN_CHARS = 120;

/**
 * Tries a definition on its feed, by the name of a ready one or the path of a file: whether it connects, every channel delivers, every message is
 * understood, the session ends when told, and what it says of a symbol that is not there. Two sessions, one after the other.
 */
export async function* checkWebsocket(
  name: string,
  context: Context,
  options: WebsocketCheckOptions,
): AsyncGenerator<WebsocketFinding> {
  const loaded = loadWebsocketDefinition(name);
  if (!loaded.ok) {
    yield { check: 'loads', outcome: 'fail', message: loaded.error.join('; ') };
    return;
  }
  const definition = loaded.value;
  const channels = definition.channels.map(channelText);
  yield { check: 'loads', outcome: 'pass', message: `${definition.name}: live ${channels.join(', ')}` };
  const symbol = options.symbol ?? definition.example;
  if (symbol === '') {
    const message = 'no symbol to ask for: say --symbol SYMBOL, or give the definition an example';
    yield { check: 'live: connects', outcome: 'skip', message };
    return;
  }
  const wanted = definition.channels.filter(
    ({ series, interval }) =>
      series !== 'bars' || options.interval === undefined || interval === options.interval,
  );
  const of = { definition, symbol, interval: options.interval, waitMs: options.liveMs };
  const session = await runSession(context, of, (seen) =>
    wanted.every((each) => countOf(seen.items, each) > 0),
  );
  yield { check: 'live: connects', ...connects(session) };
  for (const channel of wanted)
    yield { check: `live ${channelText(channel)}: delivers`, ...delivers(session, channel, of.waitMs) };
  yield { check: 'live: every message is understood', ...understood(session) };
  yield { check: 'live: stops when told', ...stops(session) };
  if (session.isUp)
    yield { check: 'live: an unknown symbol is clear', ...(await unknownSymbol(context, of)) };
}

interface SessionOf {
  readonly definition: WebsocketDefinition;
  readonly symbol: string;
  readonly interval: string | undefined;
  readonly waitMs: number;
}

interface Session {
  readonly items: FeedItem[];
  readonly reports: LiveReport[];
  error: TickwellError | undefined;
  /** It was live at some time. */
  isUp: boolean;
  stoppedInTime: boolean;
}

/** Follows one symbol until enough is seen, the session ends, or the time is over. */
async function runSession(
  { clock, env }: Context,
  { definition, symbol, interval, waitMs }: SessionOf,
  isEnough: (session: Session) => boolean,
): Promise<Session> {
  const session: Session = { items: [], reports: [], error: undefined, isUp: false, stoppedInTime: true };
  const stop = new AbortController();
  const over = new AbortController();
  const look = (): void => {
    if (isEnough(session)) over.abort();
  };
  const onReport = (_source: string, report: LiveReport): void => {
    session.reports.push(report);
    if (report.kind === 'connection' && report.isUp) session.isUp = true;
    look();
  };
  const instruments = [{ symbol: 'CHECK', ticker: symbol }];
  const jobs = websocketJob({ definition, instruments, interval }, { clock, env, onReport });
  if (!jobs.ok) return { ...session, error: new TickwellError('websocket-options', jobs.error.join('; ')) };
  const opened = await jobs.value[0]?.open(SILENT);
  if (opened?.ok !== true) return { ...session, error: opened?.error };
  const source = opened.value;
  const read = async (): Promise<void> => {
    for await (const item of source.read({ afterPosition: 0n, signal: stop.signal })) {
      session.items.push(item);
      look();
    }
  };
  const reading = read()
    .catch((cause: unknown) => {
      session.error =
        cause instanceof TickwellError ? cause : new TickwellError('internal', String(cause), { cause });
    })
    .finally(() => {
      over.abort();
    });
  await clock.sleep(waitMs, over.signal).catch(() => undefined);
  stop.abort();
  session.stoppedInTime = await inTime(clock, reading);
  await source.close();
  return session;
}

async function inTime(clock: Clock, reading: Promise<void>): Promise<boolean> {
  const over = new AbortController();
  const late = clock.sleep(STOP_MS, over.signal).then(
    () => false,
    () => false,
  );
  const isInTime = await Promise.race([reading.then(() => true), late]);
  over.abort();
  return isInTime;
}

function connects({ isUp, error, reports }: Session): Outcome {
  if (isUp) return { outcome: 'pass', message: 'the connection is live, subscriptions are sent' };
  const states = reports.flatMap((report) => (report.kind === 'connection' ? [report.state] : []));
  const seen = error?.message ?? states.at(-1) ?? 'no connection in time';
  return {
    outcome: 'fail',
    message: `${seen}: look at url, headers, login and the acknowledgement (subscribed)`,
  };
}

function delivers({ items, reports, error, isUp }: Session, channel: Channel, waitMs: number): Outcome {
  const count = countOf(items, channel);
  if (count > 0) return { outcome: 'pass', message: `${count} events` };
  const series = channel.series === 'bars' ? `bars ${channel.interval}` : channel.series;
  const refused = reports.find((report) => report.kind === 'refused' && report.series === series);
  if (refused?.kind === 'refused') return { outcome: 'fail', message: refused.reason };
  if (error !== undefined && isUp) return { outcome: 'fail', message: error.message };
  if (!isUp) return { outcome: 'skip', message: 'it is not connected' };
  const message = `nothing in ${waitMs / 1000} s; choose a symbol that is traded now, or wait longer (--live-seconds)`;
  return { outcome: 'skip', message };
}

function understood({ items }: Session): Outcome {
  const reasons = items.flatMap((item) => (item.kind === 'refused' ? [refusalText(item)] : []));
  if (reasons.length > 0) {
    const shown = [...new Set(reasons)].slice(0, SHOWN_REASONS).join('; ');
    const message = `${reasons.length} messages or events would become dead letters: ${shown}`;
    return { outcome: 'fail', message };
  }
  const events = items.reduce((sum, item) => sum + ('positions' in item ? item.positions.length : 0), 0);
  return events > 0
    ? { outcome: 'pass', message: `${events} events, nothing refused` }
    : { outcome: 'skip', message: 'there were no events' };
}

function stops({ stoppedInTime, isUp, error }: Session): Outcome {
  if (!isUp || error !== undefined) return { outcome: 'skip', message: 'it had ended before' };
  return stoppedInTime
    ? { outcome: 'pass', message: 'the session ended' }
    : {
        outcome: 'fail',
        message: `it goes on ${STOP_MS / 1000} s after the signal: this is a fault of Tickwell`,
      };
}

async function unknownSymbol(context: Context, of: SessionOf): Promise<Outcome> {
  const isRefused = (report: LiveReport): boolean => report.kind === 'refused';
  const waitMs = Math.min(of.waitMs, REFUSED_MS);
  const session = await runSession(context, { ...of, symbol: NO_SYMBOL, waitMs }, ({ reports }) =>
    reports.some(isRefused),
  );
  const refused = session.reports.find(isRefused);
  if (refused?.kind === 'refused') return { outcome: 'pass', message: refused.reason };
  if (session.error !== undefined) return { outcome: 'pass', message: session.error.message };
  const unmatched = session.items.find(({ kind }) => kind === 'refused');
  if (unmatched?.kind === 'refused')
    return {
      outcome: 'fail',
      message: `${unmatched.reason}: route what it says of a wrong symbol as "rejected"`,
    };
  const message = `the feed says nothing of ${NO_SYMBOL}: a mistyped symbol is silence`;
  return { outcome: 'skip', message };
}

/** With the beginning of what came: the whole is nowhere else, as nothing is sent. */
function refusalText({ reason, original }: FeedRefusal): string {
  const text = Buffer.from(original).toString('utf8');
  return `${reason}: ${text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text}`;
}

function countOf(items: readonly FeedItem[], { series, interval }: Channel): number {
  return items.reduce(
    (sum, item) =>
      sum +
      (item.kind === series && (item.kind !== 'bars' || item.interval === interval)
        ? item.positions.length
        : 0),
    0,
  );
}

function channelText({ series, interval }: Channel): string {
  return interval === '' ? series : `${series} ${interval}`;
}
