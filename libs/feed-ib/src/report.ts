import { logLiveReport, type LiveReport, type Logger } from '@tickwell/ports';
import { formatNs, NS_PER_SECOND } from '@tickwell/domain';

/** What a live session tells beside its events. */
export type IbReport =
  | LiveReport
  | { readonly kind: 'market-data-type'; readonly symbol: string; readonly type: string }
  /** The next future took over under the same symbol. */
  | {
      readonly kind: 'roll';
      readonly symbol: string;
      /** IB's local symbols, such as ESZ5. */
      readonly from: string;
      readonly to: string;
      readonly atNs: bigint;
    }
  /** IB does not serve it now; it is asked again. */
  | { readonly kind: 'waiting'; readonly subject: string; readonly reason: string };

export type OnReport = (report: IbReport) => void;

/** Reports go to the log as well, each as one line. */
export function logReports(logger: Logger, onReport: OnReport | undefined): OnReport {
  return (report) => {
    onReport?.(report);
    switch (report.kind) {
      case 'market-data-type':
        logger.info({ symbol: report.symbol }, `IB ${report.symbol}: market data is ${report.type}`);
        return;
      case 'roll':
        logger.info({ symbol: report.symbol }, rollText(report));
        return;
      case 'waiting':
        logger.warn({ subject: report.subject }, report.reason);
        return;
      default:
        logLiveReport(logger, 'IB', report);
    }
  };
}

/** For people. */
export function rollText({ symbol, from, to, atNs }: Extract<IbReport, { kind: 'roll' }>): string {
  return `IB ${symbol}: rolled from ${from} to ${to}, which it is from ${formatNs(atNs)} on`;
}

/** The Gateway's seconds since the epoch in ns, to the nearest whole one. */
export function secondsToNs(seconds: number): bigint {
  return BigInt(Math.round(seconds)) * NS_PER_SECOND;
}
