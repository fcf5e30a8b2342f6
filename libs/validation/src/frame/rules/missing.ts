import { pricesAt, valueAt } from '../columns.ts';
import type { FrameContext, FrameRule, Sink } from '../frame-rule.ts';

const HABIT_SHARE = 0.05;

export const MISSING_VALUE: FrameRule = {
  id: 'missing-value',
  severity: 'reject',
  description:
    'A row has some of open, high, low, close and not the others, or a volume without prices. A row without any is no bar, and a note.',
  reason: 'A trade sets all four prices at once: some of them cannot exist without the others.',
  example: '`2024-05-02, 101.2, , 100.8, 101.0, 5000`: no high.',
  parameters: { habitShare: HABIT_SHARE },
};

/** Rows that lack prices or volume. */
export function findMissing({ series: { frame } }: FrameContext, sink: Sink): void {
  const names = ['open', 'high', 'low', 'close'] as const;
  let empty = 0;
  const withoutVolume: number[] = [];
  for (let row = 0; row < frame.close.length; row++) {
    const missing = names.filter((_name, at) => Number.isNaN(pricesAt(frame, row)[at] ?? NaN));
    const volume = valueAt(frame.volume, row);
    if (missing.length === 4 && !(volume > 0)) empty++;
    else if (missing.length === 4) sink.row(MISSING_VALUE, row, `no price, but a volume of ${volume}`);
    else if (missing.length > 0) sink.row(MISSING_VALUE, row, `no ${missing.join(', ')}`);
    else if (frame.volume !== undefined && Number.isNaN(volume)) withoutVolume.push(row);
  }
  sink.note(MISSING_VALUE, empty, `rows without any price: no bar there`);
  if (withoutVolume.length > frame.close.length * HABIT_SHARE) {
    sink.note(MISSING_VALUE, withoutVolume.length, 'rows with prices and no volume, a habit of the source');
  } else {
    for (const row of withoutVolume) sink.row(MISSING_VALUE, row, 'prices, but no volume');
  }
}
