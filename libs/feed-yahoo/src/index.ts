export { YahooClient, type ChartRequest, type YahooClientOptions, type YahooInterval } from './client.ts';
export { openYahooHistory, type YahooHistoryOptions } from './history.ts';
export { readYahooJob, type YahooJobContext } from './jobs.ts';
