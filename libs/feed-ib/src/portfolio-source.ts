import { NS_PER_MS, NS_PER_SECOND, TickwellError } from '@tickwell/domain';
import {
  queueOf,
  type Clock,
  type EventSource,
  type FeedItem,
  type Logger,
  type PortfolioItem,
  type QueueLine,
} from '@tickwell/ports';
import type { IbConnection } from './connection.ts';
import type { IbBroadcast, IbContract, IbExecution } from './ib-messages.ts';
import { parseIbTime } from './ib-time.ts';

export interface PortfolioSourceOptions {
  readonly connection: IbConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly account: string;
  /** Tickwell's id of an IB contract. */
  readonly symbolOf: (contract: IbContract) => string;
  readonly onClose?: () => Promise<void>;
}

/** A commission report follows its execution at once, or never. */
const COMMISSION_MS = 5000;
const EXECUTIONS_MS = 1000;
const MAX_QUEUED = 20_000;
const MAX_EXECUTIONS = 100_000;
const MAX_VALUES = 10_000;

type Line = QueueLine<PortfolioItem>;

/**
 * One account as a stream of a session: positions, account values, profit and loss as they change (an unchanged value is not
 * repeated), executions with their commissions, each once. Their time is that of their arrival, an execution's its own.
 */
export class PortfolioSource implements EventSource {
  readonly streamId: string;
  readonly source = 'ib';
  readonly description: string;
  readonly isLive = true;
  readonly #options: PortfolioSourceOptions;
  readonly #end = new AbortController();
  /** The last value of everything that is told again and again. */
  readonly #last = new Map<string, string>();
  #isAsking = false;
  /** By symbol, of positions that were told with their market value. */
  readonly #quantities = new Map<string, number>();
  readonly #executions = new Map<string, { readonly execution: IbExecution; told: number | undefined }>();

  constructor(options: PortfolioSourceOptions) {
    this.streamId = `ib:portfolio:${options.account}:${options.clock.nowNs() / NS_PER_MS}`;
    this.description = `IB portfolio of ${options.account}`;
    this.#options = options;
  }

  async *read(options: {
    readonly afterPosition: bigint;
    readonly signal: AbortSignal;
  }): AsyncGenerator<FeedItem> {
    const { connection } = this.#options;
    const over = new AbortController();
    const signal = AbortSignal.any([options.signal, this.#end.signal, over.signal]);
    const queue = queueOf(connection, { high: MAX_QUEUED, position: options.afterPosition, signal });
    const line = queue.line(this.#make);
    const stopListening = connection.onBroadcast((broadcast) => {
      this.#heard(broadcast, line, signal);
    });
    let failure: TickwellError | undefined;
    const stopWatching = connection.onState((state) => {
      if (state.kind !== 'failed') return;
      failure = new TickwellError(`ib-${state.code}`, `IB connection: ${state.reason}`);
      over.abort();
    });
    const subscription = this.#subscribe(line);
    try {
      while (!signal.aborted) {
        await queue.filled();
        yield* queue.take();
      }
    } finally {
      over.abort();
      subscription.stop();
      stopListening();
      stopWatching();
    }
    if (failure !== undefined) throw failure;
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#options.onClose?.();
  }

  /** Profit and loss is the one subscription with an id; with every socket it asks for the others too. */
  #subscribe(line: Line): ReturnType<IbConnection['subscribe']> {
    const { connection, account, logger } = this.#options;
    return connection.subscribe({
      subject: `portfolio ${account}`,
      pacing: { lane: 'live', instrument: account, history: 'none', weight: 1, identity: '', group: '' },
      send: (link, reqId) => {
        link.reqPnl(reqId, account);
        void connection.tell((current) => {
          current.reqPositions();
        });
        void connection.tell((current) => {
          current.reqAccountUpdates(account);
        });
      },
      cancel: () => undefined,
      onMessage: (message) => {
        if (message.kind !== 'pnl') return;
        const [daily, unrealized, realized] = [message.daily, message.unrealized, message.realized].map(
          knownAmount,
        );
        const values = { daily: daily ?? 0, unrealized: unrealized ?? 0, realized: realized ?? 0 };
        this.#tell(line, 'pnl', { kind: 'profitAndLoss', timeNs: this.#nowNs(), ...values });
      },
      onOutage: (reason) => {
        logger.warn({ account }, `IB portfolio ${account}: ${reason}`);
      },
      onActive: () => undefined,
      onRefused: (error) => {
        logger.warn({ err: error }, error.message);
      },
    });
  }

  /** Asks once for everything that happens within a moment. */
  #executionsSoon(signal: AbortSignal): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    void this.#options.clock.sleep(EXECUTIONS_MS, signal).then(
      () => {
        this.#isAsking = false;
        return this.#askExecutions();
      },
      () => undefined,
    );
  }

  async #askExecutions(): Promise<void> {
    const { connection, account, logger } = this.#options;
    const answer = await connection
      .request(
        {
          subject: `executions of ${account}`,
          pacing: { lane: 'live', instrument: account, history: 'none', weight: 1, identity: '', group: '' },
          send: (link, reqId) => {
            link.reqExecutions(reqId, account);
          },
          read: (message) => (message.kind === 'executionsEnd' ? { answer: true } : undefined),
        },
        this.#end.signal,
      )
      .catch(() => undefined);
    if (answer?.ok === false) logger.warn({ err: answer.error }, answer.error.message);
  }

  #heard(broadcast: IbBroadcast, line: Line, signal: AbortSignal): void {
    const { account, symbolOf } = this.#options;
    const timeNs = this.#nowNs();
    switch (broadcast.kind) {
      case 'position':
      case 'portfolioValue': {
        if (broadcast.account !== account) return;
        // Executions of other clients are told to nobody who does not ask; a changed position betrays them.
        if (broadcast.kind === 'position') this.#executionsSoon(signal);
        const { contract, quantity, averageCost } = broadcast;
        const symbol = symbolOf(contract);
        const isValued = broadcast.kind === 'portfolioValue';
        // The same position again, but without its market value.
        if (!isValued && this.#quantities.get(symbol) === quantity) return;
        if (isValued) this.#quantities.set(symbol, quantity);
        const item: PortfolioItem = {
          kind: 'position',
          timeNs,
          symbol,
          quantity,
          averageCost: finite(averageCost),
          marketPrice: isValued ? finite(broadcast.marketPrice) : 0,
          marketValue: isValued ? finite(broadcast.marketValue) : 0,
        };
        this.#tell(line, `${broadcast.kind} ${symbol}`, item);
        return;
      }
      case 'accountValue': {
        if (broadcast.account !== account) return;
        const { key: tag, value, currency } = broadcast;
        this.#tell(line, `value ${tag} ${currency}`, { kind: 'accountValue', timeNs, tag, value, currency });
        return;
      }
      case 'execution':
        this.#executed(broadcast.execution, line, signal);
        return;
      case 'commission':
        this.#commission(broadcast.executionId, broadcast.commission, broadcast.currency, line);
        return;
      default:
    }
  }

  /** Waits for the commission; without one it is told as free of charge, and again should it come later. */
  #executed(execution: IbExecution, line: Line, signal: AbortSignal): void {
    const { account, clock } = this.#options;
    const { executionId } = execution;
    if (execution.account !== account || this.#executions.has(executionId)) return;
    if (this.#executions.size >= MAX_EXECUTIONS) this.#executions.clear();
    this.#executions.set(executionId, { execution, told: undefined });
    void clock.sleep(COMMISSION_MS, signal).then(
      () => {
        if (this.#executions.get(executionId)?.told === undefined)
          this.#commission(executionId, 0, execution.contract.currency ?? '', line);
      },
      () => undefined,
    );
  }

  #commission(executionId: string, amount: number, currency: string, line: Line): void {
    const known = this.#executions.get(executionId);
    const commission = finite(amount);
    if (known === undefined || known.told === commission) return;
    known.told = commission;
    const { execution } = known;
    const { contract, shares, isBuy, price, orderId } = execution;
    const time = parseIbTime(execution.time);
    const item: PortfolioItem = {
      kind: 'execution',
      timeNs: time.ok ? BigInt(time.value) * NS_PER_SECOND : this.#nowNs(),
      executionId,
      orderId: String(orderId),
      symbol: this.#options.symbolOf(contract),
      quantity: isBuy ? shares : -shares,
      price,
      commission,
      currency,
    };
    line.add(item);
  }

  /** Tells a value that changed. */
  #tell(line: Line, key: string, item: PortfolioItem): void {
    const text = JSON.stringify({ ...item, timeNs: 0 });
    if (this.#last.get(key) === text) return;
    if (this.#last.size >= MAX_VALUES) this.#last.clear();
    this.#last.set(key, text);
    line.add(item);
  }

  #nowNs(): bigint {
    return BigInt(Math.round(this.#options.connection.server.nowSeconds() * 1000)) * NS_PER_MS;
  }

  readonly #make = (
    items: readonly PortfolioItem[],
    positions: bigint[],
  ): Extract<FeedItem, { kind: 'portfolio' }> => {
    return { kind: 'portfolio', symbol: this.#options.account, priceBasis: 'unspecified', items, positions };
  };
}

/** IB writes the greatest double for what it does not know. */
function knownAmount(value: number | undefined): number | undefined {
  return value === undefined || Math.abs(value) > 1e300 || Number.isNaN(value) ? undefined : value;
}

function finite(value: number): number {
  return knownAmount(value) ?? 0;
}
