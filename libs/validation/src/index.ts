export { countRecord, type Counts, type Outcome } from './counts.ts';
export {
  batchProblem,
  judge,
  MAX_POSITION,
  positionsIncrease,
  type Finding,
  type Judgement,
  type Refusal,
} from './judge.ts';
export { KeyState } from './key-state.ts';
export { BARS } from './kinds/bars.ts';
export { ACTIONS, FUNDAMENTALS, PORTFOLIO, type PortfolioCheck } from './kinds/lists.ts';
export { QUOTES } from './kinds/quotes.ts';
export { TRADES } from './kinds/trades.ts';
export { MAX_ORIGIN_LENGTH, type RecordRuleId } from './record-rules.ts';
export type { BatchContext, BatchVersions, Kind } from './rule.ts';
export { silenceOf, STALE_FEED_RULE } from './rules/stream.ts';
export { soundWatermark } from './rules/time.ts';
export { parseRules, VALIDATION_KIND } from './settings/document.ts';
export {
  DEFAULT_SETTINGS,
  ValidationSettings,
  type InstrumentSettings,
  type SettledInstrument,
} from './settings/settings.ts';
export type { StreamState } from './stream-state.ts';
export type { BarFrame, FrameFinding, FrameNote, FrameSeverity } from './frame/bar-frame.ts';
export {
  processMarketData,
  type FrameChange,
  type FrameRemoval,
  type ProcessedFrame,
} from './frame/process.ts';
export { median, robustSigma } from './frame/robust.ts';
export { validateTicks, type TickFrame } from './frame/ticks.ts';
export { validateMarketData, type FrameReport, type ValidateOptions } from './frame/validate.ts';
export {
  tableFrames,
  type MarketTable,
  type TableChoice,
  type TableFrame,
  type TableFrames,
} from './table/frames.ts';
export { hashOf } from './values-hash.ts';
export { fixTable, type TableFix } from './table/fix.ts';
export {
  isoTime,
  validateTable,
  type TableFinding,
  type TableNote,
  type TableReport,
} from './table/report.ts';
