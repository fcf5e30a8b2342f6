import { err, ok, TickwellError, type Result } from '@tickwell/domain';
import type { IbConnection } from './connection.ts';
import type { IbContract, IbContractDetails } from './ib-messages.ts';
import { parseIbTime, parseTradingHours, type TradingSession } from './ib-time.ts';

/** An instrument as a person describes it. */
export interface InstrumentSpec {
  /** Tickwell's id. */
  readonly symbol: string;
  /** What the contract has to be; the more is said, the fewer contracts fit. */
  readonly contract: IbContract;
  /** Futures without expiry: days before the last trade date on which the next contract takes over. */
  readonly rollDays: number;
}

export interface ResolvedInstrument {
  readonly symbol: string;
  /** With conId and exchange: names exactly one contract. */
  readonly contract: IbContract;
  readonly timeZoneId: string;
  /** Sessions of the next days, extended hours and regular ones; empty where IB does not say. */
  readonly tradingSessions: readonly TradingSession[];
  readonly liquidSessions: readonly TradingSession[];
  /** Of a future that was chosen by its roll. */
  readonly roll: Roll | undefined;
}

interface Roll {
  /**
   * When the next contract takes over: with the end of the session in which the day of the roll begins, so that no session is of two
   * contracts; where its hours are not known yet, the beginning of that day.
   */
  readonly atSeconds: number;
  readonly next: IbContract | undefined;
  /** Beginning of the day on which this one took over; undefined: there was none before. */
  readonly sinceSeconds: number | undefined;
}

const MAX_CONTRACTS = 1000;
const MAX_NAMED = 5;
const DAY = 86_400;

/**
 * The one contract that a description means. Errors: `ib-200` nothing fits; `ib-ambiguous` several do, and what would tell them
 * apart; those of {@link IbConnection.request}.
 */
async function resolveInstrument(
  connection: IbConnection,
  spec: InstrumentSpec,
  signal?: AbortSignal,
): Promise<Result<ResolvedInstrument, TickwellError>> {
  const found: IbContractDetails[] = [];
  const asked = await connection.request(
    {
      subject: spec.symbol,
      pacing: {
        lane: 'live',
        instrument: spec.symbol,
        history: 'none',
        weight: 1,
        identity: '',
        group: '',
      },
      send: (link, reqId) => {
        found.length = 0;
        link.reqContractDetails(reqId, spec.contract);
      },
      read: (message) => {
        if (message.kind === 'contract' && found.length < MAX_CONTRACTS) found.push(message.details);
        return message.kind === 'contractsEnd' ? { answer: true } : undefined;
      },
    },
    signal,
  );
  if (!asked.ok) return asked;
  return chooseContract(spec, found, connection.server.nowSeconds());
}

/** Pure part of {@link resolveInstrument}. */
export function chooseContract(
  spec: InstrumentSpec,
  found: readonly IbContractDetails[],
  nowSeconds: number,
): Result<ResolvedInstrument, TickwellError> {
  const [only, ...others] = found;
  if (only === undefined)
    return err(
      new TickwellError(
        'ib-200',
        `IB ${spec.symbol}: error 200: no contract fits ${describe(spec.contract)}; check symbol, secType, exchange and currency, or give the conId`,
      ),
    );
  if (others.length === 0) return ok(resolved(spec, only, undefined));
  const isFuture = found.every(({ contract }) => contract.secType === 'FUT');
  if (isFuture && spec.contract.lastTradeDateOrContractMonth === undefined && isOneChain(found))
    return rolled(spec, found, nowSeconds);
  return err(ambiguous(spec, found));
}

/** Futures of one exchange, currency and class, which differ in their expiry alone. */
function isOneChain(found: readonly IbContractDetails[]): boolean {
  const chains = found.map(({ contract }) =>
    [contract.exchange, contract.currency, contract.tradingClass, contract.multiplier].join('|'),
  );
  const expiries = found.map(({ contract }) => contract.lastTradeDateOrContractMonth);
  return new Set(chains).size === 1 && new Set(expiries).size === found.length;
}

function rolled(
  spec: InstrumentSpec,
  found: readonly IbContractDetails[],
  nowSeconds: number,
): Result<ResolvedInstrument, TickwellError> {
  const chain = found
    .flatMap((details) => {
      const dayAt = rollSeconds(details, spec.rollDays);
      return dayAt === undefined ? [] : [{ details, dayAt, rollAt: sessionEnd(details, dayAt) }];
    })
    .toSorted((a, b) => a.dayAt - b.dayAt);
  const at = chain.findIndex(({ rollAt }) => nowSeconds < rollAt);
  const front = chain[at];
  if (front === undefined)
    return err(
      new TickwellError(
        'ib-200',
        `IB ${spec.symbol}: all ${found.length} contracts have been rolled or have expired; give an expiry`,
      ),
    );
  const next = chain[at + 1]?.details.contract;
  const sinceSeconds = chain[at - 1]?.dayAt;
  return ok(resolved(spec, front.details, { atSeconds: front.rollAt, next, sinceSeconds }));
}

/** End of the session that runs at a time; the time itself where none does, or its hours are not told. */
function sessionEnd({ tradingHours, timeZoneId }: IbContractDetails, seconds: number): number {
  const sessions = parseTradingHours(tradingHours, timeZoneId);
  if (!sessions.ok) return seconds;
  const running = sessions.value.find((each) => each.fromSeconds < seconds && seconds < each.toSeconds);
  return running?.toSeconds ?? seconds;
}

/** Midnight UTC that begins the day of the roll. */
function rollSeconds({ contract }: IbContractDetails, rollDays: number): number | undefined {
  const parsed = parseIbTime((contract.lastTradeDateOrContractMonth ?? '').slice(0, 8));
  return parsed.ok ? parsed.value - rollDays * DAY : undefined;
}

function resolved(
  { symbol, contract: asked }: InstrumentSpec,
  details: IbContractDetails,
  roll: ResolvedInstrument['roll'],
): ResolvedInstrument {
  const { contract, timeZoneId, tradingHours, liquidHours } = details;
  const trading = parseTradingHours(tradingHours, timeZoneId);
  const liquid = parseTradingHours(liquidHours, timeZoneId);
  return {
    symbol,
    // Details of a stock name one of its exchanges; requests go where the person said.
    contract: { ...contract, ...(asked.exchange === undefined ? {} : { exchange: asked.exchange }) },
    timeZoneId,
    tradingSessions: trading.ok ? trading.value : [],
    liquidSessions: liquid.ok ? liquid.value : [],
    roll,
  };
}

/** Names what differs among the contracts that fit: one of these properties tells them apart. */
function ambiguous(spec: InstrumentSpec, found: readonly IbContractDetails[]): TickwellError {
  const names = [
    'secType',
    'exchange',
    'primaryExchange',
    'currency',
    'lastTradeDateOrContractMonth',
    'multiplier',
    'tradingClass',
  ] as const;
  const differing = names.filter(
    (name) =>
      spec.contract[name] === undefined && new Set(found.map(({ contract }) => contract[name])).size > 1,
  );
  const some = found.slice(0, MAX_NAMED).map(({ contract }) => `${contract.conId} (${describe(contract)})`);
  const more = found.length > MAX_NAMED ? ` and ${found.length - MAX_NAMED} more` : '';
  const add = differing.length === 0 ? 'the conId' : `${differing.join(', ')} or the conId`;
  return new TickwellError(
    'ib-ambiguous',
    `IB ${spec.symbol}: ${found.length} contracts fit: ${some.join(', ')}${more}; add ${add.replace('lastTradeDateOrContractMonth', 'expiry')}`,
  );
}

function describe(contract: IbContract): string {
  const { symbol, localSymbol, secType, exchange, primaryExchange, currency } = contract;
  const parts = [symbol ?? localSymbol, secType, primaryExchange ?? exchange, currency];
  return [...parts, contract.lastTradeDateOrContractMonth].filter((part) => part !== undefined).join(' ');
}

/** Instruments by description, each resolved once; an error is not kept. */
export class InstrumentCache {
  readonly #known = new Map<string, ResolvedInstrument>();
  readonly #max: number;

  constructor(max = 10_000) {
    this.#max = max;
  }

  async resolve(
    connection: IbConnection,
    spec: InstrumentSpec,
    signal?: AbortSignal,
  ): Promise<Result<ResolvedInstrument, TickwellError>> {
    const key = JSON.stringify(spec);
    const known = this.#known.get(key);
    const isRolled = known?.roll !== undefined && connection.server.nowSeconds() >= known.roll.atSeconds;
    if (known !== undefined && !isRolled) return ok(known);
    const found = await resolveInstrument(connection, spec, signal);
    if (!found.ok) return found;
    if (this.#known.size >= this.#max) this.#known.clear();
    this.#known.set(key, found.value);
    return found;
  }
}
