import { expect, it } from 'vitest';
import { FetchShare } from './fetch-share.ts';

it('halves with each failure down to a least share, and grows back with each answer', () => {
  const share = new FetchShare();
  const values: number[] = [];
  for (let n = 0; n < 8; n++) {
    share.failed();
    values.push(share.value);
  }
  expect(values).toEqual([1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 64, 1 / 64]);
  for (let n = 0; n < 8; n++) share.answered();
  expect(share.value).toBe(1);
});
