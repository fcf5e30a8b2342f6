export { barInput, isUsableInput } from './bar-input.ts';
export { calculate } from './calculate.ts';
export type {
  CheckedField,
  IndicatorDefinition,
  IndicatorSpec,
  Kernel,
  KernelTools,
  Memory,
  ParameterRule,
  ParameterValue,
} from './definition.ts';
export { createIndicator, restore } from './engine.ts';
export type { Indicator, IndicatorValue, RestoreResult } from './engine.ts';
export {
  calculateTechnicalIndicators,
  type IndicatorColumn,
  type IndicatorFrame,
  type SkippedRows,
  type TechnicalIndicators,
} from './frame.ts';
export { IndicatorError, takeInput } from './errors.ts';
export type { IndicatorErrorCode } from './errors.ts';
export { PRICE_SOURCES, readSource } from './input.ts';
export type { IndicatorInput, PriceSource } from './input.ts';
export { readDefinition } from './foreign.ts';
export { addIndicators, allIndicators, BUILT_IN } from './registry.ts';
export type { Rows } from './rows.ts';
export type { Registry } from './registry.ts';
export type { SnapshotError, SnapshotErrorCode } from './snapshot.ts';
export type { SeriesBar } from './series/bar-window.ts';
export { isChanged, type IndicatorRow, type SpecRows } from './series/indicator-row.ts';
export { IndicatorSeries, takes } from './series/indicator-series.ts';
export type { Lack, RebuiltStates, SeriesOutcome, Sessions } from './series/indicator-series.ts';
export { parseSpec, parseSpecList, splitSpecs } from './spec.ts';
export type { SpecError, SpecErrorCode, SpecListResult, SpecResult } from './spec.ts';
export { checkIndicatorDocument, readIndicatorDocument } from './settings/document.ts';
export type { IndicatorSelection, ReadSelection } from './settings/document.ts';
export { IndicatorPlan, type BarSeriesName } from './settings/plan.ts';
