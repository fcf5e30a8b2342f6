import { createHash } from 'node:crypto';
import { err, ok, TickwellError, type Result } from '@tickwell/domain';
import {
  jobsByName,
  liveNames,
  nameAt,
  type EventSource,
  type FeedJob,
  type LiveReport,
  type Logger,
} from '@tickwell/ports';
import { openYahooActions } from './actions.ts';
import { spanText, type Span } from './chart-requests.ts';
import type { YahooAccess, YahooConnection, YahooContext } from './context.ts';
import { openYahooStatements, openYahooSummary } from './fundamentals.ts';
import { tonight, YahooBars } from './history.ts';
import { instrumentProblems, type YahooInstrument } from './instrument.ts';
import { domainInterval, isDated, type YahooInterval } from './intervals.ts';
import { numbersAsText } from './json.ts';
import { failed } from './list-source.ts';
import { LIVE_SOURCE, QUOTE_SERIES, YahooQuotes, type QuoteSeries } from './quotes.ts';

export interface YahooSpan {
  readonly span: Span;
  /** The end lies so far back that Yahoo adds nothing before it. */
  readonly isSettled: boolean;
}

interface Jobs {
  readonly context: YahooContext;
  readonly access: YahooAccess;
  readonly instruments: readonly YahooInstrument[];
}

/** Of the instrument map. */
const SOURCE = 'yahoo';

export type PriceBasisWanted = 'raw' | 'split-adjusted';

type Open = (
  connection: YahooConnection,
  instrument: YahooInstrument,
  logger: Logger,
) => Promise<EventSource>;

function jobOf({ context, access }: Jobs, name: string, instrument: YahooInstrument, open: Open): FeedJob {
  return {
    name: `Yahoo ${instrument.ticker} ${name}`,
    open: async (logger) => ok(await open(context.connection(access, logger), instrument, logger)),
  };
}

type Make = (instrument: YahooInstrument, of: YahooSpan) => readonly FeedJob[];

/** Where the job says no ticker of its own: the jobs of every ticker that the instrument map has for the time asked. */
function byName(
  { context, instruments }: Jobs,
  { span, isSettled }: YahooSpan,
  make: Make,
): readonly FeedJob[] {
  const { startNs: fromNs, endNs: toNs } = span;
  return instruments.flatMap((instrument) => {
    const own = make(instrument, { span, isSettled });
    const { symbol: name, ticker } = instrument;
    if (ticker !== name) return own;
    return own.map((job, index) => ({
      ...job,
      parts: () => {
        const parts = jobsByName(context.names, { name, source: SOURCE, fromNs, toNs }, (piece) => {
          const named = checkedName(piece);
          if (!named.ok) return { name: job.name, open: () => Promise.resolve(named) };
          const of = {
            span: { startNs: piece.fromNs, endNs: piece.toNs },
            isSettled: isSettled || piece.toNs < toNs,
          };
          return make(named.value, of)[index] ?? job;
        });
        return Promise.resolve(parts);
      },
    }));
  });
}

type Named = Parameters<Parameters<typeof jobsByName>[2]>[0];

function checkedName({ id, vendor }: Pick<Named, 'id' | 'vendor'>): Result<YahooInstrument, TickwellError> {
  const named = { symbol: id, ticker: vendor.symbol };
  const [problem] = instrumentProblems(named);
  return problem === undefined
    ? ok(named)
    : err(new TickwellError('yahoo-options', `Yahoo ${id}: the instrument map says ${problem}`));
}

/** As {@link byName}, of what Yahoo has under the ticker of today only. */
function nowJob(jobs: Jobs, what: string, instrument: YahooInstrument, open: Open): FeedJob {
  const { context } = jobs;
  const { symbol: name, ticker } = instrument;
  const own = jobOf(jobs, what, instrument, open);
  if (ticker !== name) return own;
  return {
    ...own,
    parts: () => {
      const current = nameAt(context.names, { name, source: SOURCE }, context.clock.nowNs());
      const named = current.ok ? checkedName(current.value) : current;
      return Promise.resolve(named.ok ? ok([jobOf(jobs, what, named.value, open)]) : named);
    },
  };
}

/** Bars of each instrument; of a day and longer also its dividends and splits, from the same request. */
export function historyJobs(
  jobs: Jobs,
  of: YahooSpan & { readonly interval: YahooInterval; readonly basis: PriceBasisWanted },
): readonly FeedJob[] {
  return byName(jobs, of, (instrument, piece) => barJobs(jobs, instrument, { ...of, ...piece }));
}

function barJobs(
  jobs: Jobs,
  instrument: YahooInstrument,
  of: YahooSpan & { readonly interval: YahooInterval; readonly basis: PriceBasisWanted },
): readonly FeedJob[] {
  const { clock } = jobs.context;
  const { span, isSettled, interval, basis } = of;
  const openBars: Open = async ({ charts }, each, logger) => {
    const options = {
      charts,
      clock,
      logger,
      instrument: each,
      interval,
      span,
      isSettled,
      basis,
      splitsTag: '',
    };
    return basis === 'raw' ? new YahooBars(options) : openAdjusted({ ...options, charts });
  };
  const openActions: Open = ({ charts }, each) =>
    openYahooActions({ charts, clock, instrument: each, interval, span, isSettled });
  return [
    jobOf(jobs, interval, instrument, openBars),
    ...(isDated(domainInterval(interval))
      ? [jobOf(jobs, 'dividends and splits', instrument, openActions)]
      : []),
  ];
}

/** Every split changes all prices before it: bars that keep Yahoo's adjustment are another stream after one. */
async function openAdjusted(options: ConstructorParameters<typeof YahooBars>[0]): Promise<EventSource> {
  const { charts, clock, instrument, interval, span } = options;
  const toNow = { startNs: span.startNs, endNs: tonight(clock) };
  const page = await charts.shared(instrument.ticker, '1d', toNow);
  if (!page.ok) {
    const { symbol, ticker } = instrument;
    const description = `Yahoo ${ticker} ${interval} ${spanText(span)}`;
    return failed(
      { symbol, streamId: `yahoo:${symbol}:${ticker}:${interval}:unknown`, description },
      page.error,
    );
  }
  const splits = page.value.actions.filter(({ kind }) => kind === 'split');
  const hash = createHash('sha256').update(JSON.stringify(splits, numbersAsText)).digest('hex');
  return new YahooBars({ ...options, splitsTag: hash.slice(0, 8) });
}

/** Dividends and splits alone. */
export function actionsJobs(jobs: Jobs, of: YahooSpan): readonly FeedJob[] {
  const { clock } = jobs.context;
  return byName(jobs, of, (each, { span, isSettled }) => [
    jobOf(jobs, 'dividends and splits', each, ({ charts }, instrument) =>
      openYahooActions({ charts, clock, instrument, interval: '1d', span, isSettled }),
    ),
  ]);
}

/** Statements, and the summary of today. */
export function fundamentalsJobs(jobs: Jobs, span: Span): readonly FeedJob[] {
  const { clock } = jobs.context;
  return jobs.instruments.flatMap((each) => [
    nowJob(jobs, 'statements', each, ({ client }, instrument) =>
      openYahooStatements({ client, clock, instrument, span }),
    ),
    nowJob(jobs, 'summary', each, ({ client }, instrument) =>
      openYahooSummary({ client, clock, instrument, span }),
    ),
  ]);
}

/** One stream of all instruments, without an end. */
export function quotesJobs(
  { context, access, instruments }: Jobs,
  of: { readonly series: readonly QuoteSeries[] | undefined; readonly everyMs: number },
): readonly FeedJob[] {
  const { clock, onState } = context;
  const { series = QUOTE_SERIES, everyMs } = of;
  return [
    {
      name: `Yahoo quotes of ${instruments.length} instruments`,
      open: (logger, { onReport } = {}) => {
        const { client } = context.connection(access, logger);
        const report = (told: LiveReport): void => {
          context.onReport?.(LIVE_SOURCE, told);
          onReport?.(told);
        };
        const known = liveNames(
          instruments.map(({ symbol, ticker }) => ({ symbol, vendor: ticker })),
          { resolver: context.names, source: SOURCE, timeNs: clock.nowNs(), logger, report },
        );
        if (!known.ok) return Promise.resolve(known);
        const followed = known.value.map(({ symbol, vendor }) => ({ symbol, ticker: vendor }));
        const options = { client, clock, logger, instruments: followed, series, everyMs, onState };
        return Promise.resolve(ok(new YahooQuotes(options)));
      },
    },
  ];
}
