import { createRequire } from 'node:module';
import { TickwellError } from '@tickwell/domain';

interface RequestQueue {
  readonly pending: readonly unknown[];
}

interface RequestQueueClass {
  readonly prototype: { scheduleCheckPendingRequests: (this: RequestQueue) => void };
}

const repaired = new WeakSet();

/**
 * Cures kafkajs 2.2.4's TimeoutNegativeWarning (Node 24). After every response its request queue schedules a look at the requests that wait
 * to be sent, "when the throttle ends": `throttledUntil - now`, which without a throttle is `-1 - now`. When nothing waits there is
 * nothing to look at, and `push` schedules the look itself when something begins to wait, so then no timer is set at all (one timer
 * less per response, too); when something waits kafkajs computes a positive delay.
 */
export function repairRequestQueue(): void {
  const loaded: unknown = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js');
  if (!isRequestQueueClass(loaded)) {
    throw new TickwellError(
      'kafkajs-changed',
      'kafkajs is not the version this adapter knows (2.2.4): its request queue differs',
    );
  }
  const { prototype } = loaded;
  if (repaired.has(prototype)) return;
  repaired.add(prototype);
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function scheduleOnlyWhenSomethingWaits(this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}

function isRequestQueueClass(loaded: unknown): loaded is RequestQueueClass {
  if (typeof loaded !== 'function') return false;
  const prototype: unknown = loaded.prototype;
  return (
    typeof prototype === 'object' &&
    prototype !== null &&
    'scheduleCheckPendingRequests' in prototype &&
    typeof prototype.scheduleCheckPendingRequests === 'function'
  );
}
