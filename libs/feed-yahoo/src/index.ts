export { YahooContext, type YahooContextOptions } from './context.ts';
export { readYahooJob } from './job-reader.ts';
export type { YahooState } from './quotes.ts';
