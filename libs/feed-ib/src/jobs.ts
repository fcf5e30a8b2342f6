import { join } from 'node:path';
import { err, errorMessage, NS_PER_SECOND, ok, TickwellError, type Result } from '@tickwell/domain';
import {
  VERBATIM,
  type Clock,
  type EventSource,
  type FeedJob,
  type InstrumentResolver,
  type Logger,
  type OpenOptions,
} from '@tickwell/ports';
import { barSizeOf } from './bar-sizes.ts';
import { IbConnection } from './connection.ts';
import { InstrumentCache, type InstrumentSpec, type ResolvedInstrument } from './contracts.ts';
import { fastClock } from './fast-clock.ts';
import { openFundamentals } from './fundamentals.ts';
import { HistorySource, type HistoryOf } from './history-source.ts';
import type { IbContract } from './ib-messages.ts';
import { historyParts, namedInstrument } from './named-instrument.ts';
import { LiveSource, type LastStored, type LiveInstrument } from './live-source.ts';
import {
  DEFAULT_SERIES,
  fundamentalsProblems,
  historyProblems,
  liveProblems,
  portfolioProblems,
  specOf,
  type IbFundamentalsOptions,
  type IbGatewayOptions,
  type IbHistoryOptions,
  type IbInstrument,
  type IbLiveOptions,
  type IbPortfolioOptions,
} from './options.ts';
import { PacingGovernor } from './pacing-governor.ts';
import { PacingLedger } from './pacing-ledger.ts';
import { IB_LIMITS, type PacingLimits } from './pacing-limits.ts';
import { PortfolioSource } from './portfolio-source.ts';
import type { OnReport } from './report.ts';

export interface IbContextOptions {
  readonly clock: Clock;
  /** Where series of live sessions went on to be stored; without it a session does not look back. */
  readonly lastStored?: LastStored;
  /** Holes with their time to repair, refused instruments, data types, connection states. */
  readonly onReport?: OnReport;
  /** Folder in which the processes of this machine tell each other what they asked of a Gateway; without it each is for itself. */
  readonly ledgerDir?: string;
  /** Contracts of instruments that a job names by id alone; without it the id is the symbol of a stock. */
  readonly map?: InstrumentResolver;
}

/** What all jobs of a process share: one pacing governor per Gateway, as its limits are the account's, and what is known of contracts. */
export class IbContext {
  readonly clock: Clock;
  readonly lastStored: LastStored | undefined;
  readonly onReport: OnReport | undefined;
  readonly map: InstrumentResolver;
  readonly instruments = new InstrumentCache();
  readonly #ledgerDir: string | undefined;
  readonly #governors = new Map<string, PacingGovernor>();
  readonly #faster = new Map<number, IbContext>();
  readonly #connections = new Map<string, { readonly connection: IbConnection; users: number }>();

  constructor({ clock, lastStored, onReport, ledgerDir, map = VERBATIM }: IbContextOptions) {
    this.#ledgerDir = ledgerDir;
    this.map = map;
    this.clock = clock;
    this.lastStored = lastStored;
    this.onReport = onReport;
  }

  /** The same for jobs of a simulated Gateway whose clock runs so many times as fast: limits are counted in its time, by each process for itself. */
  at(speed: number): IbContext {
    if (speed === 1) return this;
    let faster = this.#faster.get(speed);
    if (faster === undefined) {
      const { lastStored, onReport, map } = this;
      const clock = fastClock(this.clock, speed);
      faster = new IbContext({
        clock,
        map,
        ...(lastStored === undefined ? {} : { lastStored }),
        ...(onReport === undefined ? {} : { onReport }),
      });
      this.#faster.set(speed, faster);
    }
    return faster;
  }

  /** The first job of a Gateway sets its limits. */
  governor(options: IbGatewayOptions): PacingGovernor {
    const key = `${options.host ?? DEFAULT_HOST}:${options.port ?? DEFAULT_PORT}`;
    let governor = this.#governors.get(key);
    if (governor === undefined) {
      const limits = { ...IB_LIMITS, ...options.limits };
      governor = new PacingGovernor(this.clock, limits, this.#ledger(key, limits));
      this.#governors.set(key, governor);
    }
    return governor;
  }

  #ledger(gateway: string, limits: PacingLimits): PacingLedger | undefined {
    const { clock, onReport } = this;
    if (this.#ledgerDir === undefined) return undefined;
    const subject = `IB ${gateway}`;
    const tell = (reason: string): void => onReport?.({ kind: 'waiting', subject, reason });
    return new PacingLedger({
      dir: join(this.#ledgerDir, gateway.replaceAll(/[^A-Za-z0-9.-]/g, '_')),
      clock,
      limits,
      pid: process.pid,
      isAlive,
      onWait: (waitMs, pids) => {
        const seconds = Number.isFinite(waitMs) ? `${Math.ceil(waitMs / 1000)} s` : 'for their answers';
        const who = `${pids.length === 1 ? 'process' : 'processes'} ${pids.join(', ')}`;
        tell(`${subject}: history waits ${seconds}: ${who} of this machine used IB's limits too`);
      },
      onBroken: (error) => {
        tell(`${subject}: other processes cannot be told what is asked (${errorMessage(error)})`);
      },
    });
  }

  /** One connection for all jobs that ask for the same at the same time: client ids are few. It is closed with the last of them. */
  lease(options: IbGatewayOptions, logger: Logger): Lease {
    const {
      host = DEFAULT_HOST,
      port = DEFAULT_PORT,
      clientIds = DEFAULT_CLIENT_IDS,
      marketDataType = 'live',
    } = options;
    const key = JSON.stringify([host, port, clientIds, marketDataType]);
    let shared = this.#connections.get(key);
    if (shared === undefined || isOver(shared.connection)) {
      const governor = this.governor(options);
      const timing = options.timing === undefined ? {} : { timing: options.timing };
      const { clock, onReport } = this;
      const of = { host, port, clientIds, marketDataType, clock, logger, onReport, governor, ...timing };
      shared = { connection: new IbConnection(of), users: 0 };
      this.#connections.set(key, shared);
    }
    const held = shared;
    held.users++;
    let isHeld = true;
    return {
      connection: held.connection,
      release: async () => {
        if (!isHeld) return;
        isHeld = false;
        held.users--;
        if (held.users > 0) return;
        if (this.#connections.get(key) === held) this.#connections.delete(key);
        await held.connection.close();
      },
    };
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's is there too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

interface Lease {
  readonly connection: IbConnection;
  readonly release: () => Promise<void>;
}

function isOver({ state }: IbConnection): boolean {
  return state.kind === 'failed' || state.kind === 'closed';
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 4002;
/** 0 is the one that sees orders of TWS itself: not ours. */
const DEFAULT_CLIENT_IDS: readonly number[] = [71, 72, 73, 74];

type Jobs = Result<readonly FeedJob[], readonly string[]>;

/** Holds a connection for as long as the source lives. */
async function withConnection(
  context: IbContext,
  options: IbGatewayOptions,
  { logger, signal }: { readonly logger: Logger; readonly signal?: AbortSignal | undefined },
  open: (connection: IbConnection, close: () => Promise<void>) => Promise<Result<EventSource, TickwellError>>,
): Promise<Result<EventSource, TickwellError>> {
  const { connection, release } = context.lease(options, logger);
  let source: Result<EventSource, TickwellError> | undefined;
  try {
    const connected = await connection.open(signal);
    source = connected.ok ? await open(connection, release) : connected;
    return source;
  } finally {
    if (source?.ok !== true) await release();
  }
}

/** One stream per instrument: bars of any of IB's sizes, or ticks; source `ib:history`. Errors: every problem of the options. */
export function ibHistoryJob(options: IbHistoryOptions, context: IbContext): Jobs {
  const problems = historyProblems(options);
  if (problems.length > 0) return err(problems);
  const { fromNs, toNs } = options;
  return ok(
    options.instruments.map((instrument): FeedJob => {
      const jobOf = (of: IbInstrument, span: { readonly fromNs: bigint; readonly toNs: bigint }): FeedJob =>
        historyJob({ ...options, ...span }, of, context);
      const parts = historyParts(instrument, context.map, { fromNs, toNs }, jobOf);
      return { ...jobOf(instrument, { fromNs, toNs }), ...(parts === undefined ? {} : { parts }) };
    }),
  );
}

function historyJob(options: IbHistoryOptions, instrument: IbInstrument, context: IbContext): FeedJob {
  return {
    name: `IB ${instrument.symbol} ${options.kind === 'bars' ? (options.interval ?? '') : options.kind}`,
    open: (logger, { signal } = {}) =>
      withConnection(context, options, { logger, signal }, async (connection, onClose) => {
        const resolved = await context.instruments.resolve(connection, specOf(instrument));
        if (!resolved.ok) return resolved;
        const of = historyOf(options, instrument);
        const span = spanOf(options, of);
        const useRth = options.useRth ?? options.kind === 'bars';
        const { again } = options;
        return ok(
          new HistorySource({ connection, instrument: resolved.value, of, useRth, span, again, onClose }),
        );
      }),
  };
}

function historyOf({ kind, interval, what }: IbHistoryOptions, { secType }: IbInstrument): HistoryOf {
  if (kind !== 'bars') return { kind };
  const size = barSizeOf(interval ?? '');
  if (size === undefined) throw new TickwellError('ib-bar-size', `no bars of ${interval ?? ''}`);
  return { kind, size, what: what ?? (secType === 'CASH' ? 'MIDPOINT' : 'TRADES') };
}

/** Whole seconds; of bars of a day and more whole days, as they start at midnight. */
function spanOf(
  { fromNs, toNs }: IbHistoryOptions,
  of: HistoryOf,
): { fromSeconds: number; toSeconds: number } {
  const unit = of.kind === 'bars' && of.size.seconds >= 86_400 ? 86_400 : 1;
  const fromSeconds = Math.floor(Number(fromNs / NS_PER_SECOND) / unit) * unit;
  return { fromSeconds, toSeconds: Math.ceil(Number(toNs) / 1e9 / unit) * unit };
}

/** One live session of all instruments; source `ib`. One that cannot be resolved is reported and left out. */
export function ibLiveJob(options: IbLiveOptions, context: IbContext): Jobs {
  const problems = liveProblems(options);
  if (problems.length > 0) return err(problems);
  const series = options.series ?? DEFAULT_SERIES;
  const job: FeedJob = {
    name: `IB live ${options.instruments
      .map(({ symbol }) => symbol)
      .join(', ')
      .slice(0, 200)}`,
    open: (logger, { signal, onReport } = {}) =>
      withConnection(context, options, { logger, signal }, async (connection, close) => {
        const resolved = await resolveAll(context, connection, options.instruments, logger);
        if (!resolved.ok) return resolved;
        const lines = resolved.value.length * new Set(series).size;
        const governor = context.governor(options);
        if (!governor.takeLines(lines))
          return err(
            new TickwellError(
              'ib-lines',
              `IB live: ${lines} more market data lines are not free: other jobs of this process hold them`,
              { retryable: true },
            ),
          );
        const instruments = resolved.value.map(({ instrument, spec, secType }): LiveInstrument => ({
          instrument,
          resolve: () => context.instruments.resolve(connection, spec),
          trades: series.includes('trades') && secType !== 'CASH' ? (options.trades ?? 'AllLast') : undefined,
          quotes: series.includes('quotes') ? 'ticks' : series.includes('top') ? 'top' : undefined,
          bars: series.includes('bars')
            ? (options.what ?? (secType === 'CASH' ? 'MIDPOINT' : 'TRADES'))
            : undefined,
        }));
        return ok(liveSource(options, context, { connection, instruments, logger, lines, close, onReport }));
      }),
  };
  return ok([job]);
}

const DAY_SECONDS = 86_400;

function liveSource(
  options: IbLiveOptions,
  context: IbContext,
  of: {
    readonly connection: IbConnection;
    readonly instruments: readonly LiveInstrument[];
    readonly logger: Logger;
    readonly lines: number;
    readonly close: () => Promise<void>;
    readonly onReport: OpenOptions['onReport'];
  },
): LiveSource {
  return new LiveSource({
    connection: of.connection,
    clock: context.clock,
    logger: of.logger,
    instruments: of.instruments,
    marketDataType: options.marketDataType ?? 'live',
    lastStored: context.lastStored,
    maxBackfillSeconds: options.maxBackfillSeconds ?? DAY_SECONDS,
    ...(options.settings === undefined ? {} : { settings: options.settings }),
    onReport: (report) => {
      context.onReport?.(report);
      const { kind } = report;
      if (kind === 'connection' || kind === 'hole' || kind === 'refused') of.onReport?.(report);
    },
    onClose: async () => {
      context.governor(options).returnLines(of.lines);
      await of.close();
    },
  });
}

interface Resolved {
  readonly instrument: ResolvedInstrument;
  readonly spec: InstrumentSpec;
  readonly secType: string;
}

/** By the contract that the instrument map names now. */
async function resolveNow(
  context: IbContext,
  connection: IbConnection,
  instrument: IbInstrument,
): Promise<{ readonly spec: InstrumentSpec; readonly answer: Result<ResolvedInstrument, TickwellError> }> {
  const named = namedInstrument(instrument, context.map, context.clock.nowNs());
  const spec = specOf(named.ok ? named.value : instrument);
  return { spec, answer: named.ok ? await context.instruments.resolve(connection, spec) : named };
}

/** Those that can be resolved; the error is the first one's when none can. */
async function resolveAll(
  context: IbContext,
  connection: IbConnection,
  instruments: readonly IbInstrument[],
  logger: Logger,
): Promise<Result<Resolved[], TickwellError>> {
  const answers = await Promise.all(
    instruments.map(async (instrument) => ({
      instrument,
      ...(await resolveNow(context, connection, instrument)),
    })),
  );
  let first: TickwellError | undefined;
  const resolved: Resolved[] = [];
  for (const { instrument, spec, answer } of answers) {
    if (answer.ok)
      resolved.push({ instrument: answer.value, spec, secType: answer.value.contract.secType ?? 'STK' });
    else {
      first ??= answer.error;
      logger.error({ symbol: instrument.symbol }, answer.error.message);
      const reason = answer.error.message;
      context.onReport?.({ kind: 'refused', symbol: instrument.symbol, series: 'all', reason });
    }
  }
  return resolved.length === 0 && first !== undefined ? err(first) : ok(resolved);
}

/** One stream per instrument; source `ib`. */
export function ibFundamentalsJob(options: IbFundamentalsOptions, context: IbContext): Jobs {
  const problems = fundamentalsProblems(options);
  if (problems.length > 0) return err(problems);
  const report = options.report ?? 'ReportSnapshot';
  return ok(
    options.instruments.map((instrument): FeedJob => ({
      name: `IB ${instrument.symbol} ${report}`,
      open: async (logger) => {
        const { connection, release } = context.lease(options, logger);
        try {
          const connected = await connection.open();
          if (!connected.ok) return connected;
          const { answer: resolved } = await resolveNow(context, connection, instrument);
          return resolved.ok ? await openFundamentals(connection, resolved.value, report) : resolved;
        } finally {
          await release();
        }
      },
    })),
  );
}

/** One stream of one account; source `ib`. */
export function ibPortfolioJob(options: IbPortfolioOptions, context: IbContext): Jobs {
  const problems = portfolioProblems(options);
  if (problems.length > 0) return err(problems);
  const { instruments = [] } = options;
  const job: FeedJob = {
    name: `IB portfolio ${options.account ?? ''}`.trim(),
    open: (logger, { signal } = {}) =>
      withConnection(context, options, { logger, signal }, async (connection, onClose) => {
        const { accounts } = connection;
        const account = options.account ?? (accounts.length === 1 ? accounts[0] : undefined);
        if (account === undefined || !accounts.includes(account))
          return err(
            new TickwellError(
              'ib-account',
              `IB portfolio: ${account === undefined ? 'an account is required' : `account ${account} is not one of this login`}; it has ${accounts.join(', ')}`,
            ),
          );
        const known = await namesOf(context, connection, instruments);
        const symbolOf = (contract: IbContract): string =>
          known.get(contract.conId ?? 0) ?? symbolFor(contract);
        return ok(
          new PortfolioSource({ connection, clock: context.clock, logger, account, symbolOf, onClose }),
        );
      }),
  };
  return ok([job]);
}

async function namesOf(
  context: IbContext,
  connection: IbConnection,
  instruments: readonly IbInstrument[],
): Promise<ReadonlyMap<number, string>> {
  const names = new Map<number, string>();
  for (const instrument of instruments) {
    const { answer: resolved } = await resolveNow(context, connection, instrument);
    if (resolved.ok) names.set(resolved.value.contract.conId ?? 0, resolved.value.symbol);
    else connection.options.logger.warn({ symbol: instrument.symbol }, resolved.error.message);
  }
  return names;
}

/** An instrument id after IB's symbol: EURUSD, ES-202503, BRK.B. */
export function symbolFor(contract: IbContract): string {
  const { symbol = '', secType, currency = '', lastTradeDateOrContractMonth = '', conId } = contract;
  const name =
    secType === 'CASH'
      ? `${symbol}${currency}`
      : secType === 'FUT'
        ? `${symbol}-${lastTradeDateOrContractMonth.slice(0, 6)}`
        : symbol;
  const clean = name
    .trim()
    .replaceAll(/\s+/g, '.')
    .replaceAll(/[^A-Za-z0-9._^=:/-]/g, '-')
    .slice(0, 64);
  return /^[A-Za-z0-9^]/.test(clean) ? clean : `conId-${conId ?? 0}`;
}
