import { SILENT } from '@tickwell/ports';
import { MemoryLog } from '@tickwell/testkit';
import { expect, it, vi } from 'vitest';
import { openConfig, type ConfigProcess } from './fixtures/process.ts';
import { ConfigSettings } from './settings.ts';

const TOPIC = 'config';

function setUp() {
  const log = new MemoryLog({ topics: [{ name: TOPIC, partitions: 1 }], maxRecords: 2 });
  let nowMs = 0;
  const clock = { nowNs: () => 0n, monotonicMs: () => nowMs, sleep: () => Promise.resolve() };
  const wait = (ms: number): void => {
    nowMs += ms;
  };
  const open = (): ConfigSettings<string> =>
    new ConfigSettings({
      log: log.openProcess(),
      logger: SILENT,
      clock,
      kinds: ['source', 'job'],
      view: (documents) => documents.map(({ kind, id, version }) => `${kind} ${id}@${version}`).join(', '),
      topic: TOPIC,
    });
  return { log, wait, open };
}

async function put(process: ConfigProcess, kind: string, id: string): Promise<bigint> {
  const edit = { kind, id, payloadJson: '{}', expectedVersion: undefined, author: '' };
  const entry = await process.documents.put(edit);
  return entry.position;
}

it('are what the documents of their kinds amount to, at any offset, in every process', async () => {
  const { log, open } = setUp();
  await using process = await openConfig(log, TOPIC);
  const first = await put(process, 'job', 'b');
  await put(process, 'strategy', 's');
  const second = await put(process, 'source', 'a');
  const third = await put(process, 'job', 'b');
  const settings = open();
  await settings.start();
  expect(settings.latest()).toEqual({ end: third + 1n, value: 'source a@1, job b@2' });
  expect(await settings.at(0n)).toBe('');
  expect(await settings.at(first + 1n)).toBe('job b@1');
  expect(await settings.at(second + 1n)).toBe('source a@1, job b@1');
  expect(await settings.at(third + 1n)).toBe('source a@1, job b@2');
  await settings.stop();
});

it('follow what changes, and are made anew only now and then while much does', async () => {
  const { log, wait, open } = setUp();
  await using process = await openConfig(log, TOPIC);
  const settings = open();
  await settings.start();
  expect(settings.latest()).toEqual({ end: 0n, value: '' });
  const first = await put(process, 'job', 'a');
  await vi.waitFor(() => {
    expect(settings.latest()).toEqual({ end: first + 1n, value: 'job a@1' });
  });
  const second = await put(process, 'job', 'a');
  await put(process, 'strategy', 's');
  expect(settings.latest().end).toBe(first + 1n);
  await vi.waitFor(() => {
    wait(1_000);
    expect(settings.latest()).toEqual({ end: second + 1n, value: 'job a@2' });
  });
  await settings.stop();
});
