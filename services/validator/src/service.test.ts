import { ALL_TOPICS, decodeTickBatch, TOPICS } from '@tickwell/contracts';
import { SILENT, type EventLog, type LogRecord } from '@tickwell/ports';
import { systemClock } from '@tickwell/runtime';
import { MemoryLog } from '@tickwell/testkit';
import { expect, it, vi } from 'vitest';
import { tradeRecord } from './fixtures/batches.ts';
import { LOGGED_MS, recordOf, unwrap } from './fixtures/harness.ts';
import { VALIDATOR_TOPICS, ValidatorService } from './service.ts';

const SETTINGS = { groupId: 'validator', checkpointIntervalMs: 60_000 };

async function write(log: EventLog, records: readonly LogRecord[]): Promise<void> {
  const sink = await log.createSink({ name: 'ingest' });
  await sink.send(
    records.map(({ topic, key, value, headers }) => ({
      topic,
      key: key ?? '',
      partition: 1,
      value,
      headers,
    })),
  );
  await sink.close();
}

function positionsSeen(log: MemoryLog): readonly bigint[] {
  return log.records(TOPICS.ticks.name).flatMap(({ value }) => {
    const batch = unwrap(decodeTickBatch(value ?? new Uint8Array(0), false));
    return batch.kind === 'trades' ? batch.trades.timeNs : [];
  });
}

it('reads every raw topic, goes on where it stopped, and leaves nothing out', async () => {
  const log = new MemoryLog({ topics: ALL_TOPICS, nowMs: () => LOGGED_MS });
  const garbage = new Uint8Array([0xff, 0xff]);
  const rawTopics = VALIDATOR_TOPICS.filter(({ name }) => name.includes('raw'));
  await write(log, [tradeRecord([{}, { price: -1 }]), ...rawTopics.map((topic) => recordOf(topic, garbage))]);

  const first = new ValidatorService(SETTINGS, {
    log: log.openProcess(),
    logger: SILENT,
    clock: systemClock,
  });
  const running = first.run();
  await vi.waitFor(() => {
    expect(log.records(TOPICS.deadLetters.name)).toHaveLength(1 + rawTopics.length);
  });
  await first.stop();
  await running;
  expect(rawTopics).toHaveLength(7);

  await write(log, [tradeRecord([{}, {}, {}])]);
  const second = new ValidatorService(SETTINGS, {
    log: log.openProcess(),
    logger: SILENT,
    clock: systemClock,
  });
  const runningAgain = second.run();
  await vi.waitFor(() => {
    expect(positionsSeen(log)).toHaveLength(2);
  });
  expect(second.lag().every(({ lag }) => lag === 0n)).toBe(true);
  await second.stop();
  await runningAgain;
  expect(log.records(TOPICS.deadLetters.name)).toHaveLength(1 + rawTopics.length);
});
