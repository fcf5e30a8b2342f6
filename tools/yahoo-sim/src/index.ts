export { readRecordings, type Recording } from './recordings.ts';
export { startYahooSim, type YahooSim, type YahooSimOptions, type YahooSimStats } from './server.ts';
