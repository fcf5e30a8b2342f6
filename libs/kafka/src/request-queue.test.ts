import { createRequire } from 'node:module';
import { afterEach, expect, it, vi } from 'vitest';
import { repairRequestQueue } from './request-queue.ts';

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
  destroy(): void;
}

const RequestQueue = createRequire(import.meta.url)(
  'kafkajs/src/network/requestQueue/index.js',
) as new (options: { logger: object }) => Queue;

afterEach(() => {
  vi.restoreAllMocks();
});

it('sets no timer when nothing waits, and one with a positive delay when something does', () => {
  repairRequestQueue();
  repairRequestQueue();
  const queue = new RequestQueue({ logger: {} });
  const timers = vi.spyOn(globalThis, 'setTimeout');
  queue.checkPendingRequests();
  expect(timers).not.toHaveBeenCalled();
  queue.throttledUntil = Date.now() + 50;
  queue.pending = [{}];
  queue.scheduleCheckPendingRequests();
  expect(timers).toHaveBeenCalledOnce();
  expect(timers.mock.calls[0]?.[1]).toBeGreaterThan(0);
  queue.destroy();
});
