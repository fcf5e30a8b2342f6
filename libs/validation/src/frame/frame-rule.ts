import type { FrameFinding, FrameNote, FrameSeverity } from './bar-frame.ts';
import type { PriceSeries } from './series.ts';

/** What rules work on; findings and notes go to the sink. */
export interface FrameContext {
  readonly series: PriceSeries;
}

/**
 * A rule that needs hindsight or several columns, so that it judges files and history and not the flow. Pure. `description`, `reason`
 * and `example` become its place in `docs/validation-rules.md`.
 */
export interface FrameRule {
  /** Stable; never reused for another meaning. The id of a rule of the flow that says the same. */
  readonly id: string;
  readonly severity: FrameSeverity;
  readonly description: string;
  /** Why the market or the source cannot have produced such a row. */
  readonly reason: string;
  readonly example: string;
  readonly parameters: Readonly<Record<string, number | string>>;
}

/** Collects what rules find, in the frame's time order. */
export class Sink {
  readonly findings: FrameFinding[] = [];
  readonly notes: FrameNote[] = [];

  /** @param row index into the frame. */
  row(rule: FrameRule, row: number, message: string): void {
    this.range(rule, { from: row, to: row }, message);
  }

  range(rule: FrameRule, span: { readonly from: number; readonly to: number }, message: string): void {
    this.findings.push({ rule: rule.id, severity: rule.severity, message, from: span.from, to: span.to });
  }

  note(rule: FrameRule, count: number, message: string): void {
    if (count > 0) this.notes.push({ rule: rule.id, count, message });
  }
}
