export { readIbJob } from './job-reader.ts';
export {
  IbContext,
  ibFundamentalsJob,
  ibHistoryJob,
  ibLiveJob,
  ibPortfolioJob,
  type IbContextOptions,
} from './jobs.ts';
export type { LastStored } from './live-source.ts';
export type {
  IbFundamentalsOptions,
  IbGatewayOptions,
  IbHistoryOptions,
  IbInstrument,
  IbLiveOptions,
  IbPortfolioOptions,
} from './options.ts';
export { rollText, type IbReport, type OnReport } from './report.ts';
