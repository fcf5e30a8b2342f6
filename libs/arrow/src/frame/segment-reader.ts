import { tableFromIPC } from 'apache-arrow';
import { readParquet, type RecordBatch } from 'parquet-wasm';
import { TickwellError } from '@tickwell/domain';
import type { ArrowMessage, FrameSelection, IndexRange } from '@tickwell/ports';
import { conformed } from './conform.ts';
import { arrowSchema } from './frame-schema.ts';
import { indexValues } from './index-values.ts';
import type { Columns } from './type-names.ts';

/** Arrow's own default is 1,024: a segment is to be one batch. */
const BATCH_ROWS = 1 << 20;

/** Rows that follow each other. */
interface Run {
  readonly from: number;
  readonly length: number;
}

/** Dictionaries and batches of the rows of a Parquet file that a selection wants. */
export function segmentRows(parquet: Uint8Array, selection: FrameSelection): readonly ArrowMessage[] {
  const schema = arrowSchema(selection.schema);
  const wanted = schema.fields.map(({ name }) => name);
  const { index } = selection;
  const bounds = selection.range !== undefined || (selection.masks ?? []).length > 0;
  const columns = bounds && index !== undefined && !wanted.includes(index) ? [...wanted, index] : wanted;
  const table = readParquet(parquet, { batchSize: BATCH_ROWS, columns: [...columns] });
  const batches = table.recordBatches();
  return batches.flatMap((batch) => {
    const runs = cut(bounds ? runsWithin(batch, selection) : [{ from: 0, length: batch.numRows }], selection);
    const messages = runs.flatMap(({ from, length }) =>
      conformed(batch.slice(from, length).intoIPCStream(), schema),
    );
    batch.free();
    return messages;
  });
}

/** Runs of rows whose index is within the range and within none of the masks. */
function runsWithin(batch: RecordBatch, { index = '', range, masks = [] }: FrameSelection): readonly Run[] {
  const vector = tableFromIPC<Columns>(batch.slice(0, batch.numRows).intoIPCStream()).getChild(index);
  const values = vector === null ? undefined : indexValues(index, vector);
  if (values?.ok !== true)
    throw new TickwellError('segment-corrupt', `a segment's index ${JSON.stringify(index)} cannot be read`);
  const isIn = (ns: bigint, { fromNs, toNs }: IndexRange): boolean => ns >= fromNs && ns <= toNs;
  const runs: Run[] = [];
  let from = -1;
  values.value.forEach((ns, row) => {
    const keeps = (range === undefined || isIn(ns, range)) && !masks.some((mask) => isIn(ns, mask));
    if (keeps && from < 0) from = row;
    if (!keeps && from >= 0) {
      runs.push({ from, length: row - from });
      from = -1;
    }
  });
  if (from >= 0) runs.push({ from, length: values.value.length - from });
  return runs;
}

/** Of the rows in runs, those from one number to another. */
function cut(runs: readonly Run[], { from = 0, to = Infinity }: FrameSelection): readonly Run[] {
  let before = 0;
  return runs.flatMap((run) => {
    const first = Math.max(0, from - before);
    const last = Math.min(run.length, to - before);
    before += run.length;
    return first < last ? [{ from: run.from + first, length: last - first }] : [];
  });
}
