import { formatNs } from '@tickwell/domain';
import type { Logger } from './logger.ts';

/** What a live session tells beside its events. Times in ns since the epoch. */
export type LiveReport =
  | {
      readonly kind: 'hole';
      readonly symbol: string;
      readonly series: string;
      /** Of bars. */
      readonly interval?: string;
      /** Why data was missing. */
      readonly reason: string;
      /** Everything before it had been delivered. */
      readonly fromNs: bigint;
      /** From here on everything is delivered again. */
      readonly toNs: bigint;
      readonly lostAtNs: bigint;
      readonly endedAtNs: bigint;
      readonly timeToRepairMs: number;
      /** Events that were brought after all. */
      readonly events: number;
      /** Unrepaired: why. */
      readonly unrepaired: string | undefined;
    }
  | { readonly kind: 'refused'; readonly symbol: string; readonly series: string; readonly reason: string }
  | {
      readonly kind: 'connection';
      readonly state: string;
      readonly isUp: boolean;
      /** It is not up because it asked too much. */
      readonly isPaced?: boolean;
    };

/** One line of a report for the log; `feed` names who tells it ("IB"). */
export function logLiveReport(logger: Logger, feed: string, report: LiveReport): void {
  switch (report.kind) {
    case 'hole': {
      const { symbol, series, reason, fromNs, toNs, timeToRepairMs, events, unrepaired } = report;
      const span = `${symbol} ${series} from ${formatNs(fromNs)} to ${formatNs(toNs)}`;
      if (unrepaired === undefined)
        logger.info(
          { symbol, series, timeToRepairMs, events, reason },
          `${feed} hole repaired: ${span}, ${events} events`,
        );
      else logger.warn({ symbol, series, reason }, `${feed} hole stays: ${span}: ${unrepaired}`);
      return;
    }
    case 'refused':
      logger.warn({ symbol: report.symbol, series: report.series }, report.reason);
      return;
    case 'connection':
      logger.info({ isUp: report.isUp }, `${feed} connection: ${report.state}`);
  }
}

/** A hole from its outage to its end. Times in ns since the epoch. */
export class OpenHole {
  readonly reason: string;
  readonly #fromNs: bigint;
  readonly #lostAtNs: bigint;
  events = 0;

  /** `fromNs`: everything before it has been delivered. */
  constructor(reason: string, fromNs: bigint, nowNs: bigint) {
    this.reason = reason;
    this.#fromNs = fromNs;
    this.#lostAtNs = nowNs;
  }

  close(of: {
    readonly symbol: string;
    readonly series: string;
    readonly interval?: string;
    readonly toNs: bigint;
    readonly nowNs: bigint;
    readonly unrepaired?: string | undefined;
  }): LiveReport {
    return {
      kind: 'hole',
      symbol: of.symbol,
      series: of.series,
      ...(of.interval === undefined ? {} : { interval: of.interval }),
      reason: this.reason,
      fromNs: this.#fromNs,
      toNs: of.toNs,
      lostAtNs: this.#lostAtNs,
      endedAtNs: of.nowNs,
      timeToRepairMs: Number((of.nowNs - this.#lostAtNs) / 1_000_000n),
      events: this.events,
      unrepaired: of.unrepaired,
    };
  }
}
