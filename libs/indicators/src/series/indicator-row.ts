import type { StateReader, StateWriter } from '@tickwell/domain';
import type { IndicatorSpec } from '../definition.ts';
import type { IndicatorValue } from '../engine.ts';
import { parseSpec } from '../spec.ts';

/** One value of one specification; `values` in the order of its outputs, NaN while not warm. */
export interface IndicatorRow extends IndicatorValue {
  readonly startNs: bigint;
  /** The greatest known-at of the bars of the series up to this one. */
  readonly knownAtNs: bigint;
}

/** What is new or has changed of one specification. */
export interface SpecRows {
  readonly spec: IndicatorSpec;
  readonly rows: readonly IndicatorRow[];
}

/** Whether a reader who has the value of before, or none, must be told. */
export function isChanged(before: IndicatorValue | undefined, now: IndicatorValue): boolean {
  if (before?.warm !== now.warm) return true;
  return now.values.some((value, index) => !Object.is(value, before.values[index]));
}

export function writeRows(writer: StateWriter, { spec, rows }: SpecRows): void {
  writer.text(spec.id).uint(spec.outputs.length).uint(rows.length);
  for (const { startNs, knownAtNs, warm, values } of rows) {
    writer.int64(startNs).int64(knownAtNs).flag(warm);
    for (const value of values) writer.double(value);
  }
}

/** Undefined where this build does not know the specification, or computes other outputs by that name. */
export function readRows(reader: StateReader): SpecRows | undefined {
  const parsed = parseSpec(reader.text());
  const outputs = reader.uint();
  const rows = Array.from({ length: reader.count(3) }, () => ({
    startNs: reader.int64(),
    knownAtNs: reader.int64(),
    warm: reader.flag(),
    values: Array.from({ length: outputs }, () => reader.double()),
  }));
  return parsed.ok && parsed.spec.outputs.length === outputs ? { spec: parsed.spec, rows } : undefined;
}
