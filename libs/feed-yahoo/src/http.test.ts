import { SILENT } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { FakeClock, json, network } from './fixtures/network.ts';
import { POLITE_DEFAULTS, politeFetch, type PoliteFetchOptions } from './http.ts';

function polite(
  fetchFake: typeof fetch,
  clock: FakeClock,
  more: Partial<PoliteFetchOptions> = {},
): typeof fetch {
  return politeFetch({
    ...POLITE_DEFAULTS,
    fetch: fetchFake,
    clock,
    logger: SILENT,
    random: () => 1,
    ...more,
  });
}

const URL_ = 'https://query2.finance.yahoo.com/v8/finance/chart/X';

describe('politeFetch', () => {
  it.each([
    ['a status', new Response('{}', { status: 429 })],
    ['a text with another status', new Response('Too Many Requests\r\n', { status: 200 })],
    [
      'an error object',
      json({ finance: { result: null, error: { code: 'Too Many Requests', description: 'x' } } }, 200),
    ],
  ])('waits and repeats when "too many requests" comes as %s', async (_shape, refused) => {
    const clock = new FakeClock();
    const start = clock.ms;
    const { fetch, urls } = network(refused, refused, json({ ok: 1 }));
    const response = await polite(fetch, clock)(URL_);
    expect(await response.json()).toEqual({ ok: 1 });
    expect(urls).toHaveLength(3);
    // 1 s and 2 s of waiting, jitter at its most.
    expect(clock.ms - start).toBe(3000);
  });

  it('waits as long as it is told, within bounds', async () => {
    const clock = new FakeClock();
    const start = clock.ms;
    const wait = (seconds: string): Response =>
      new Response('', { status: 429, headers: { 'retry-after': seconds } });
    await polite(network(wait('7'), wait('86400'), json({})).fetch, clock)(URL_);
    expect(clock.ms - start).toBe(7000 + POLITE_DEFAULTS.maxDelayMs);
  });

  it('gives up after so many attempts, with an error that may go away', async () => {
    const { fetch, urls } = network(new Response('', { status: 429 }));
    await expect(polite(fetch, new FakeClock(), { maxAttempts: 3 })(URL_)).rejects.toMatchObject({
      code: 'yahoo-rate-limited',
      retryable: true,
    });
    expect(urls).toHaveLength(3);
    const down = network(new Error('connect ECONNREFUSED'));
    await expect(polite(down.fetch, new FakeClock())(URL_)).rejects.toMatchObject({
      code: 'yahoo-unreachable',
      message: expect.stringMatching(
        /^Yahoo cannot be reached: connect ECONNREFUSED; check the network/,
      ) as string,
    });
    expect(down.urls).toHaveLength(POLITE_DEFAULTS.maxAttempts);
  });

  it('repeats after 5xx, and passes on what the server means', async () => {
    const { fetch, urls } = network(new Response('', { status: 502 }), new Response('gone', { status: 404 }));
    const response = await polite(fetch, new FakeClock())(URL_);
    expect([response.status, await response.text(), urls.length]).toEqual([404, 'gone', 2]);
  });

  it('gives up an answer that does not come', async () => {
    const hanging: typeof fetch = (_input, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => {
          reject(new Error('aborted'));
        });
      });
    const fetched = polite(hanging, new FakeClock(), { timeoutMs: 5, maxAttempts: 2 })(URL_);
    await expect(fetched).rejects.toMatchObject({
      code: 'yahoo-unreachable',
      message: expect.stringMatching(/^Yahoo cannot be reached: no answer within 5 ms;/) as string,
    });
  });

  it('keeps requests apart, also those that come at once', async () => {
    const clock = new FakeClock();
    const starts: number[] = [];
    const fetchFake: typeof fetch = () => {
      starts.push(clock.ms);
      return Promise.resolve(json({}));
    };
    const ask = polite(fetchFake, clock, { requestsPerSecond: 2 });
    await Promise.all([ask(URL_), ask(URL_), ask(URL_)]);
    expect(starts.map((at) => at - (starts[0] ?? 0))).toEqual([0, 500, 1000]);
  });

  it('keeps to so many requests in any hour', async () => {
    const clock = new FakeClock();
    const starts: number[] = [];
    const fetchFake: typeof fetch = () => {
      starts.push(clock.ms);
      return Promise.resolve(json({}));
    };
    const ask = polite(fetchFake, clock, { requestsPerSecond: 1, requestsPerHour: 3 });
    for (let count = 0; count < 7; count++) await ask(URL_);
    const first = starts[0] ?? 0;
    expect(starts.map((at) => (at - first) / 1000)).toEqual([0, 1, 2, 3600, 3601, 3602, 7200]);
  });

  it('makes all requests wait once one was too many, and then starts them at the pace again', async () => {
    const clock = new FakeClock();
    const starts: number[] = [];
    const fetchFake: typeof fetch = () => {
      starts.push(clock.ms);
      const tooMany = new Response('', { status: 429, headers: { 'retry-after': '30' } });
      return Promise.resolve(starts.length === 1 ? tooMany : json({}));
    };
    const ask = polite(fetchFake, clock, { requestsPerSecond: 2 });
    const first = clock.ms;
    await Promise.all([ask(URL_), ask(URL_), ask(URL_)]);
    expect(starts.map((at) => at - first).sort((a, b) => a - b)).toEqual([0, 30_000, 30_500, 31_000]);
  });

  it.each([
    ['a page', '<!DOCTYPE html>\n<title>Will be right back</title>', 'is a page, not data ("<!DOCTYPE html>'],
    ['half an answer', '{"chart":{"result":[{"meta":', 'breaks off ("{"chart"'],
  ])('repeats after %s, and says so in the end', async (_shape, body, said) => {
    const broken = new Response(body, { status: 200 });
    const { fetch, urls } = network(broken, broken, json({ ok: 1 }));
    expect(await (await polite(fetch, new FakeClock())(URL_)).json()).toEqual({ ok: 1 });
    expect(urls).toHaveLength(3);
    await expect(polite(network(broken).fetch, new FakeClock())(URL_)).rejects.toMatchObject({
      code: 'yahoo-answer',
      retryable: true,
      message: expect.stringContaining(said) as string,
    });
  });

  it('refuses an answer without end', async () => {
    const block = new Uint8Array(1024 * 1024);
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(block);
      },
    });
    const fetched = polite(() => Promise.resolve(new Response(endless)), new FakeClock())(URL_);
    await expect(fetched).rejects.toMatchObject({ code: 'yahoo-answer', retryable: false });
  });
});
