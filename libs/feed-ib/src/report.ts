import { logLiveReport, type LiveReport, type Logger } from '@tickwell/ports';
import { NS_PER_SECOND } from '@tickwell/domain';

/** What a live session tells beside its events. */
export type IbReport =
  LiveReport | { readonly kind: 'market-data-type'; readonly symbol: string; readonly type: string };

export type OnReport = (report: IbReport) => void;

/** Reports go to the log as well, each as one line. */
export function logReports(logger: Logger, onReport: OnReport | undefined): OnReport {
  return (report) => {
    onReport?.(report);
    if (report.kind === 'market-data-type')
      logger.info({ symbol: report.symbol }, `IB ${report.symbol}: market data is ${report.type}`);
    else logLiveReport(logger, 'IB', report);
  };
}

/** The Gateway's seconds since the epoch in ns, to the nearest whole one. */
export function secondsToNs(seconds: number): bigint {
  return BigInt(Math.round(seconds)) * NS_PER_SECOND;
}
