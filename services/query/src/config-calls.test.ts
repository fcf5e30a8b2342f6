import { connect, type ConfigDocument } from '@tickwell/client';
import { ALL_TOPICS, queryV1 } from '@tickwell/contracts';
import { Channel, GrpcServer, bindConfig } from '@tickwell/grpc';
import { MemoryLog, MemoryStore } from '@tickwell/testkit';
import { describe, expect, it } from 'vitest';
import { create } from '@bufbuild/protobuf';
import { World, startService } from './fixtures/world.ts';

/** Two query services over one log, each behind a gRPC server on loopback. */
async function served() {
  const log = new MemoryLog({ topics: ALL_TOPICS });
  const open = async () => {
    const query = new World().service({ log: log.openProcess(), reader: new MemoryStore() });
    const server = new GrpcServer({ host: '127.0.0.1', port: 0, methods: bindConfig(query.configCalls) });
    const running = await startService(query, server);
    const address = `127.0.0.1:${server.port}`;
    return { address, client: connect({ address, retry: { maxAttempts: 1 } }), running };
  };
  const [a, b] = [await open(), await open()];
  return {
    a: a.client.config,
    b: b.client.config,
    address: a.address,
    async [Symbol.asyncDispose]() {
      for (const { client, running } of [a, b]) {
        client.close();
        await running[Symbol.asyncDispose]();
      }
    },
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const NIGHTLY = { kind: 'job', id: 'nightly' };
/** The least that a job is, and what tells one from another. */
const job = (n: unknown): string => JSON.stringify({ command: ['true'], parameters: { n } });

describe('ConfigService over gRPC', () => {
  it('puts, gets, lists, deletes, and shows the history', async () => {
    await using service = await served();
    const { a } = service;
    const first = await a.put({ ...NIGHTLY, payloadJson: job(1), author: 'ann' });
    expect(first).toMatchObject({ ...NIGHTLY, version: 1n, payloadJson: job(1), author: 'ann' });
    await a.put({ ...NIGHTLY, payloadJson: job(2), expectedVersion: 1n });
    await a.put({ kind: 'job', id: 'other', payloadJson: job(0) });
    expect((await a.get(NIGHTLY)).payloadJson).toBe(job(2));
    expect((await a.get({ ...NIGHTLY, version: 1n })).payloadJson).toBe(job(1));
    const ids = async (prefix: string) => (await all(a.list({ kind: 'job', prefix }))).map(({ id }) => id);
    expect(await ids('')).toEqual(['nightly', 'other']);
    expect(await ids('o')).toEqual(['other']);
    await a.delete(NIGHTLY);
    await expect(a.get(NIGHTLY)).rejects.toMatchObject({
      code: 'not-found',
      message: 'Get: there is no job nightly',
    });
    const versions = (await all(a.history(NIGHTLY))).map(({ version, deleted }) => [version, deleted]);
    expect(versions).toEqual([
      [3n, true],
      [2n, false],
      [1n, false],
    ]);
  });

  it('tells one of two writers that the other was faster: ABORTED, with both versions', async () => {
    await using service = await served();
    const { a, b } = service;
    const edit = (client: typeof a, by: string) =>
      client.put({ ...NIGHTLY, payloadJson: job(by), author: by, expectedVersion: 0n });
    const outcomes = await Promise.allSettled([edit(a, 'a'), edit(b, 'b')]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const lost = outcomes.find((outcome) => outcome.status === 'rejected');
    expect(lost?.reason).toMatchObject({
      code: 'version-conflict',
      retryable: false,
      cause: { code: 10 },
      message: expect.stringMatching(
        /^Put: job nightly is at version 1, written by [ab] at 1970-\S+, but it must not exist yet: read it again and repeat the change on version 1$/,
      ) as string,
    });
  });

  it.each([
    ['a kind', { ...NIGHTLY, kind: 'jobs' }, /^Put: kind "jobs" is not one of strategy/],
    ['an id', { ...NIGHTLY, id: '../x' }, /^Put: id "..\/x" is none/],
    ['an author', { ...NIGHTLY, author: 'x'.repeat(200) }, /^Put: author has 200 characters/],
    ['a document', { ...NIGHTLY, payloadJson: '7' }, /^Put: job nightly: the document must be a JSON object/],
    [
      'a size',
      { ...NIGHTLY, payloadJson: `{"a":"${'x'.repeat(1024 * 1024)}"}` },
      /^job nightly: the document has at least 1048584 bytes, at most 1048576/,
    ],
  ])('refuses %s that is wrong', async (_what, edit, message) => {
    await using service = await served();
    await expect(service.a.put({ payloadJson: '{}', ...edit })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(message) as string,
    });
  });

  it('answers in pages that fit into a message, and the client asks for all of them', async () => {
    await using service = await served();
    const { a } = service;
    const payloadJson = job('x'.repeat(900_000));
    for (let n = 0; n < 5; n += 1) await a.put({ kind: 'job', id: `job-${n}`, payloadJson });
    for (let n = 0; n < 4; n += 1) await a.put({ kind: 'job', id: 'job-0', payloadJson });
    const listed = await all(a.list({ kind: 'job' }));
    expect(listed.map(({ id }) => id)).toEqual(['job-0', 'job-1', 'job-2', 'job-3', 'job-4']);
    expect(listed.every((document) => document.payloadJson === payloadJson)).toBe(true);
    const history = await all(a.history({ kind: 'job', id: 'job-0' }));
    expect(history.map(({ version }) => version)).toEqual([5n, 4n, 3n, 2n, 1n]);
    const light = await all(a.list({ kind: 'job', withoutPayload: true }));
    expect(light.map((document) => document.payloadJson)).toEqual(['', '', '', '', '']);
    const channel = new Channel({ address: service.address });
    const request = create(queryV1.ConfigServiceListRequestSchema, { kind: 'job' });
    const { entries, truncated } = await channel.unary(queryV1.ConfigService.method.list, request);
    channel.close();
    expect({ entries: entries.length, truncated }).toEqual({ entries: 2, truncated: true });
  });

  it('streams what there is and what changes, also what another service wrote', async () => {
    await using service = await served();
    const { a, b } = service;
    await a.put({ ...NIGHTLY, payloadJson: job(1) });
    await a.put({ kind: 'source', id: 'yahoo', payloadJson: '{}' });
    const seen: ConfigDocument[] = [];
    const ending = new AbortController();
    for await (const event of b.watch({ kinds: ['job'], signal: ending.signal })) {
      if (event.kind === 'current') await a.delete(NIGHTLY);
      else seen.push(event.document);
      if (seen.at(-1)?.deleted === true) ending.abort();
    }
    expect(seen.map(({ id, version, deleted }) => [id, version, deleted])).toEqual([
      ['nightly', 1n, false],
      ['nightly', 2n, true],
    ]);
  });
});
