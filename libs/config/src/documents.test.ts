import { MAX_DOCUMENT_BYTES } from '@tickwell/domain';
import { MemoryLog } from '@tickwell/testkit';
import { describe, expect, it } from 'vitest';
import { watchConfig } from './index.ts';
import { documentsContract } from './fixtures/documents-contract.ts';
import { openConfig, refusal, type ConfigProcess } from './fixtures/process.ts';

const TOPIC = 'config';

documentsContract('memory', () => {
  const memory = new MemoryLog({ topics: [{ name: TOPIC, partitions: 1 }], maxRecords: 1 });
  return { open: () => memory.openProcess(), createTopic: () => Promise.resolve(TOPIC) };
});

function memoryLog(): MemoryLog {
  return new MemoryLog({ topics: [{ name: TOPIC, partitions: 1 }] });
}

describe('what is refused, and how', () => {
  const attempt = async (edit: { readonly kind?: string; readonly id?: string; readonly text?: string }) => {
    await using process = await openConfig(memoryLog(), TOPIC);
    const { kind = 'instrument', id = 'A', text = '{}' } = edit;
    return await refusal(
      process.documents.put({ kind, id, payloadJson: text, expectedVersion: undefined, author: '' }),
    );
  };

  it.each([
    [{ kind: 'jobs' }, /^kind "jobs" is not one of strategy, portfolio, job, instrument,/],
    [{ id: 'a b' }, /^id "a b" is none: use 1 to 128 of/],
    [{ id: '' }, /^id "" is none/],
    [{ text: '{"ticker":' }, /^instrument A: the document is no JSON: /],
    [{ text: '[1]' }, /^instrument A: the document must be a JSON object/],
    [{ text: '{"tickr":"X"}' }, /^instrument A: document.tickr is not known; known are ticker$/],
    [
      { kind: 'job', text: JSON.stringify({ text: 'ä'.repeat(MAX_DOCUMENT_BYTES / 2) }) },
      /^job A: the document has 1048587 bytes, at most 1048576 are possible/,
    ],
  ])('%j', async (edit, message) => {
    const refused = await attempt(edit);
    expect(refused.code).toBe('invalid-argument');
    expect(refused.message).toMatch(message);
  });
});

describe('a log that fails', () => {
  const edit = { kind: 'job', id: 'A', payloadJson: '{}', expectedVersion: undefined, author: '' };
  const unknown = /^job A: it is not known whether the change was written \(.+\): read it, and repeat/;

  it('breaks one write, which says so, and not the next', async () => {
    const log = memoryLog();
    await using process = await openConfig(log, TOPIC);
    log.faults.failNext(new Error('disk full'));
    const refused = await refusal(process.documents.put(edit));
    expect(refused.code).toBe('unavailable');
    expect(refused.message).toMatch(unknown);
    await expect(process.documents.put(edit)).resolves.toMatchObject({ version: 1n });
  });

  it('that does not answer ends a write with what is known of it', async () => {
    const log = memoryLog();
    await using process = await openConfig(log, TOPIC, { timeoutMs: 5 });
    const release = log.faults.hold();
    const refused = await refusal(process.documents.put(edit));
    release();
    expect(refused.message).toMatch(unknown);
  });

  it('repeats a record without effect, also one that was refused', async () => {
    const log = memoryLog();
    await using process = await openConfig(log, TOPIC);
    log.faults.repeatNext();
    await expect(process.documents.put(edit)).resolves.toMatchObject({ version: 1n });
    await process.documents.delete(edit);
    const [first] = log.records(TOPIC);
    const sink = await log.createSink({ name: 'zombie' });
    await sink.send([{ topic: TOPIC, key: 'job/A', value: first?.value ?? null, headers: {} }]);
    await process.reader.catchUp();
    expect(process.reader.state.get('job', 'A')).toBeUndefined();
  });

  it('holds records that are none: they are ignored and the others count', async () => {
    const log = memoryLog();
    const sink = await log.createSink({ name: 'other' });
    const values = [null, Buffer.from([255, 255]), new Uint8Array()];
    await sink.send(values.map((value) => ({ topic: TOPIC, key: 'x', value, headers: {} })));
    await using process = await openConfig(log, TOPIC);
    await expect(process.documents.put(edit)).resolves.toMatchObject({ version: 1n, position: 3n });
  });
});

describe('a reader that is stopped', () => {
  const stopped = async (work: (process: ConfigProcess) => Promise<unknown>) => {
    const log = memoryLog();
    const process = await openConfig(log, TOPIC);
    const release = log.faults.hold();
    const working = refusal(work(process));
    await process.reader.stop();
    release();
    return working;
  };

  it('ends writes and watchers with "unavailable"', async () => {
    const edit = { kind: 'job', id: 'A', payloadJson: '{}', expectedVersion: undefined, author: '' };
    expect((await stopped((process) => process.documents.put(edit))).code).toBe('unavailable');
    const watch = async ({ reader }: ConfigProcess) => {
      const options = { kinds: [], afterPosition: undefined, signal: new AbortController().signal };
      for await (const watched of watchConfig(reader, options)) expect(watched.kind).toBe('current');
    };
    expect((await stopped(watch)).code).toBe('unavailable');
  });
});
