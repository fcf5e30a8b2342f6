import { expect, it } from 'vitest';
import { PreparationQueue } from './preparation-queue.ts';

it('gives keys that are due, some at a time, until they lack nothing', () => {
  const queue = new PreparationQueue();
  for (const key of ['A', 'B', 'C', 'A']) queue.add(key);
  expect(queue.due(2, 0)).toEqual(['A', 'B']);
  queue.done('A', 0);
  expect(queue.due(9, 0)).toEqual(['B', 'C']);
});

it('tries a key that failed later and later, up to a minute, and others at once', () => {
  const queue = new PreparationQueue();
  queue.add('A');
  queue.add('B');
  const pauses = Array.from({ length: 9 }, () => queue.failed('A', 0));
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  expect(queue.due(9, 59_999)).toEqual(['B']);
  queue.add('A');
  expect(queue.due(9, 60_000)).toEqual(['A', 'B']);
  queue.succeeded('A');
  expect(queue.failed('A', 60_000)).toBe(500);
});

it('lets a key rest twice as long as its preparation took', () => {
  const queue = new PreparationQueue();
  queue.add('A');
  queue.done('A', 1_000, 300);
  queue.add('A');
  expect(queue.due(1, 1_599)).toEqual([]);
  expect(queue.due(1, 1_600)).toEqual(['A']);
  queue.done('A', 1_600);
  queue.add('A');
  expect(queue.due(1, 1_600)).toEqual(['A']);
});
