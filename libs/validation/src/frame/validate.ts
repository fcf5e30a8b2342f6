import type { BarFrame, FrameFinding, FrameNote } from './bar-frame.ts';
import { takeRows } from './columns.ts';
import { examine } from './examine.ts';
import { findOrderErrors } from './rules/order.ts';
import { Sink } from './frame-rule.ts';

export interface ValidateOptions {
  /** What time it is, ns since the epoch: rows after it are in the future. Left out: nothing is. */
  readonly nowNs?: bigint;
}

/** What is wrong with a frame. Findings are in time order of the rows they begin with. */
export interface FrameReport {
  readonly rows: number;
  readonly findings: readonly FrameFinding[];
  readonly notes: readonly FrameNote[];
}

/** Judges bars with everything before and after them in view. Pure; the frame may be in any order. */
export function validateMarketData(frame: BarFrame, options: ValidateOptions = {}): FrameReport {
  const sink = new Sink();
  const order = findOrderErrors(frame, options.nowNs, sink);
  const sorted = new Sink();
  examine(takeRows(frame, order), sorted);
  // Back to the caller's rows: a stretch of time is a stretch of the frame only where the frame is in order.
  const findings = sorted.findings.flatMap((finding) => inFrameOrder(finding, order));
  const time = ({ from }: FrameFinding): bigint => frame.timeNs[from] ?? 0n;
  return {
    rows: frame.close.length,
    findings: [...sink.findings, ...findings].sort((a, b) =>
      time(a) < time(b) ? -1 : time(a) > time(b) ? 1 : 0,
    ),
    notes: [...sink.notes, ...sorted.notes],
  };
}

function inFrameOrder(finding: FrameFinding, order: readonly number[]): FrameFinding {
  return { ...finding, from: order[finding.from] ?? -1, to: order[finding.to] ?? -1 };
}
