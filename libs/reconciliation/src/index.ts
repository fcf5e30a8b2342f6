export type { BarValues, ComparedField, SourceBar } from './bar.ts';
export type { Decision, SourceDifference } from './decide.ts';
export * from './rules.ts';
export {
  ReconciledSeries,
  type BarDecision,
  type IncomingBars,
  type PublishedBar,
  type SeriesFacts,
  type SeriesOutcome,
} from './series.ts';
