import { create } from '@bufbuild/protobuf';
import { NO_EVENT, nextEventId, type AlertEvent } from '@tickwell/alerts';
import { ALL_TOPICS, TOPICS, encodeAlertEvent, queryV1 } from '@tickwell/contracts';
import { SILENT } from '@tickwell/ports';
import { MemoryLog } from '@tickwell/testkit';
import { expect, it, vi } from 'vitest';
import { ALERT_KIND } from './alert-kind.ts';
import { AlertCalls } from './alert-calls.ts';

const T = 1_790_000_000_000_000_000n;
const OF = { ...NO_EVENT, rule: 'stale', group: 'source=yahoo', timeNs: T, sinceNs: T, owner: 'a' };
const FIRED: AlertEvent = {
  ...{ ...OF, kind: 'fired', severity: 'critical', summary: 'too old', channels: ['mail'] },
  eventId: nextEventId(OF, 'fired', T, undefined),
};

async function write(log: MemoryLog, ...events: readonly AlertEvent[]): Promise<void> {
  const sink = await log.createSink({ name: 'test' });
  const topic = TOPICS.alerts.name;
  await sink.send(
    events.map((event) => ({
      ...{ topic, partition: 0, key: event.rule, headers: {} },
      value: encodeAlertEvent(event),
    })),
  );
}

it('says what is open, who has not been told, and what happened, the newest first', async () => {
  const log = new MemoryLog({ topics: ALL_TOPICS });
  await write(log, { ...OF, kind: 'owned', eventId: 'a' }, FIRED);
  const calls = new AlertCalls(log, SILENT);
  await calls.start();
  const list = (fields: object = {}): Promise<queryV1.ListAlertsResponse> =>
    calls.listAlerts(create(queryV1.ListAlertsRequestSchema, { history: 10, ...fields }));
  await vi.waitUntil(async () => (await list()).open.length === 1);
  const failed = { kind: 'delivery-failed', attempt: 1, reason: 'down', eventId: 'x' } as const;
  await write(
    log,
    { ...OF, ...failed, ofEventId: FIRED.eventId, channel: 'mail' },
    // Of a copy that was replaced.
    { ...OF, kind: 'given-up', ofEventId: FIRED.eventId, channel: 'mail', eventId: 'y', owner: 'z' },
  );
  await vi.waitUntil(async () => (await list()).history.length === 2);
  const { open, history } = await list();
  expect(open).toMatchObject([
    {
      ...{ rule: 'stale', group: 'source=yahoo', phase: queryV1.AlertPhase.FIRING, firedNs: T, toldNs: T },
      undelivered: [{ channel: 'mail', attempts: 1, failure: 'down' }],
    },
  ]);
  expect(history.map(({ eventId }) => eventId)).toEqual(['x', FIRED.eventId]);
  expect((await list({ rule: 'other' })).open).toEqual([]);
  expect((await list({ history: 1 })).history).toHaveLength(1);
  await expect(list({ history: 1_001 })).rejects.toMatchObject({ code: 'invalid-argument' });
  await calls.stop();
});

it('knows which documents of kind alert contradict each other', () => {
  const index = ALERT_KIND.createIndex?.();
  const rule = { metric: 'freshness', above: 60, channels: ['hook'] };
  expect(ALERT_KIND.check('stale', rule)).toEqual([]);
  expect(ALERT_KIND.check('stale', { metric: 'freshness' })[0]).toContain('rule.above is required');
  expect(index?.conflicts('stale', rule)[0]).toContain('rule.channels names hook');
  const payloadJson = JSON.stringify({ type: 'webhook', url: 'https://hooks.example.com' });
  const entry = { kind: 'alert', id: 'hook', version: 1n, payloadJson, deleted: false };
  index?.apply({ ...entry, author: '', writtenAtNs: 0n, position: 0n });
  expect(index?.conflicts('stale', rule)).toEqual([]);
});
