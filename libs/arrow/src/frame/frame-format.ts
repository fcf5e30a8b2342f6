import type { FrameFormat } from '@tickwell/ports';
import { readFrameSchema, selectFrameColumns } from './frame-schema.ts';
import { segmentRows } from './segment-reader.ts';
import { SEGMENT_LIMITS, SegmentWriter, type SegmentLimits } from './segment-writer.ts';

const PREFIX_BYTES = 8;

/** Frames as Parquet files by parquet-wasm and apache-arrow. `limits`: tests make them small. */
export function createFrameFormat(limits: SegmentLimits = SEGMENT_LIMITS): FrameFormat {
  return {
    readSchema: readFrameSchema,
    selectColumns: selectFrameColumns,
    writer: (schema, index) => new SegmentWriter(schema, index, limits),
    rowsOf: segmentRows,
    schemaMessage: (encapsulated) => ({ header: encapsulated.subarray(PREFIX_BYTES), body: [] }),
  };
}
