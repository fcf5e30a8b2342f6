import { expect, it } from 'vitest';
import {
  columnsFromText,
  columnsToText,
  segmentsFromText,
  segmentsToText,
  versionsFromText,
  versionsToText,
} from './frame-texts.ts';

it('what the store keeps of a frame as text comes back, times to the nanosecond', () => {
  const segments = [
    { sha256: 'a', rows: 1, bytes: 2, minIndexNs: -(2n ** 62n), maxIndexNs: 2n ** 62n + 1n, sorted: true },
    { sha256: 'b', rows: 0, bytes: 9, minIndexNs: undefined, maxIndexNs: undefined, sorted: false },
  ];
  expect(segmentsFromText(segmentsToText(segments))).toEqual(segments);
  const columns = [{ name: 'it\'s "価格"', type: 'timestamp[ns, UTC]', nullable: true }];
  expect(columnsFromText(columnsToText(columns))).toEqual(columns);
  expect(versionsFromText(versionsToText([2n, 40n]))).toEqual([2, 40]);
});

it('nothing is kept where there is nothing', () => {
  expect([segmentsToText([]), versionsToText([])]).toEqual([null, null]);
  expect([segmentsFromText(null), versionsFromText(null), columnsFromText(null)]).toEqual([[], [], []]);
});
