export * from './commit.ts';
export type { ChainRow, VersionSpan } from './cover.ts';
export type { FrameCommit } from './frame-commit.ts';
export * from './garbage.ts';
export { segmentsOf, type SegmentRead } from './manifest.ts';
export * from './merges.ts';
export * from './names.ts';
export type { Refusal, RefusalCode } from './refusal.ts';
export { unifySchemas, type FrameColumn, type SchemaRefusal } from './schema.ts';
export type { FrameSegment, IndexRange } from './segment.ts';
export {
  applyAbort,
  applySegment,
  MAX_OPEN_WRITES,
  MAX_OUTCOMES,
  MAX_SEGMENTS_OF_WRITE,
  NEW_SYMBOL,
  type FrameContents,
  type OpenWrite,
  type SegmentFate,
  type SentSegment,
  type SymbolState,
  type WriteOutcome,
} from './state.ts';
