import type { Logger } from '@tickwell/ports';
import { formatNs, NS_PER_SECOND } from '@tickwell/domain';

/** What a live session tells beside its events. Times in ns since the epoch. */
export type IbReport =
  | {
      readonly kind: 'hole';
      readonly symbol: string;
      readonly series: string;
      /** Why data was missing. */
      readonly reason: string;
      /** Everything before it had been delivered. */
      readonly fromNs: bigint;
      /** Up to here it was asked of history. */
      readonly toNs: bigint;
      readonly lostAtNs: bigint;
      readonly endedAtNs: bigint;
      readonly timeToRepairMs: number;
      /** Events that history brought. */
      readonly events: number;
      /** Unrepaired: why. */
      readonly unrepaired: string | undefined;
    }
  | { readonly kind: 'refused'; readonly symbol: string; readonly series: string; readonly reason: string }
  | { readonly kind: 'market-data-type'; readonly symbol: string; readonly type: string }
  | { readonly kind: 'connection'; readonly state: string; readonly isUp: boolean };

export type OnReport = (report: IbReport) => void;

/** Reports go to the log as well, each as one line. */
export function logReports(logger: Logger, onReport: OnReport | undefined): OnReport {
  return (report) => {
    onReport?.(report);
    switch (report.kind) {
      case 'hole': {
        const { symbol, series, reason, fromNs, toNs, timeToRepairMs, events, unrepaired } = report;
        const span = `${symbol} ${series} from ${formatNs(fromNs)} to ${formatNs(toNs)}`;
        if (unrepaired === undefined)
          logger.info(
            { symbol, series, timeToRepairMs, events, reason },
            `IB hole repaired: ${span}, ${events} events`,
          );
        else logger.warn({ symbol, series, reason }, `IB hole stays: ${span}: ${unrepaired}`);
        return;
      }
      case 'refused':
        logger.warn({ symbol: report.symbol, series: report.series }, report.reason);
        return;
      case 'market-data-type':
        logger.info({ symbol: report.symbol }, `IB ${report.symbol}: market data is ${report.type}`);
        return;
      case 'connection':
        logger.info({ isUp: report.isUp }, `IB connection: ${report.state}`);
    }
  };
}

/** A hole from its outage to its end. */
export class OpenHole {
  readonly reason: string;
  readonly #fromSeconds: number;
  readonly #lostAtNs: bigint;
  events = 0;

  constructor(reason: string, fromSeconds: number, nowNs: bigint) {
    this.reason = reason;
    this.#fromSeconds = fromSeconds;
    this.#lostAtNs = nowNs;
  }

  close(of: {
    readonly symbol: string;
    readonly series: string;
    readonly toSeconds: number;
    readonly nowNs: bigint;
    readonly unrepaired?: string | undefined;
  }): IbReport {
    return {
      kind: 'hole',
      symbol: of.symbol,
      series: of.series,
      reason: this.reason,
      fromNs: secondsToNs(this.#fromSeconds),
      toNs: secondsToNs(of.toSeconds),
      lostAtNs: this.#lostAtNs,
      endedAtNs: of.nowNs,
      timeToRepairMs: Number((of.nowNs - this.#lostAtNs) / 1_000_000n),
      events: this.events,
      unrepaired: of.unrepaired,
    };
  }
}

function secondsToNs(seconds: number): bigint {
  return BigInt(Math.round(seconds)) * NS_PER_SECOND;
}
