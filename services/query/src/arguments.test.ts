import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { describe, expect, it } from 'vitest';
import { World, startService } from './fixtures/world.ts';

const call = { signal: new AbortController().signal };
const bars = { symbol: 'AAPL', interval: '1d' };
const { TRADES } = queryV1.StreamKind;

type BarsInit = Parameters<typeof create<typeof queryV1.GetBarsRequestSchema>>[1];
type SubscribeInit = Parameters<typeof create<typeof queryV1.SubscribeRequestSchema>>[1];

describe('bad arguments', () => {
  it.each<[string, BarsInit, RegExp]>([
    ['no symbol', { ...bars, symbol: '' }, /symbol is empty/],
    ['SQL in the symbol', { ...bars, symbol: "x' or 1=1 --" }, /symbol .*not an instrument id/],
    ['a path as symbol', { ...bars, symbol: '../../etc/passwd' }, /symbol .*not an instrument id/],
    ['a long symbol', { ...bars, symbol: 'A'.repeat(65) }, /symbol .*1 to 64/],
    ['no interval', { ...bars, interval: '' }, /interval is empty: say for example/],
    ['an unknown interval', { ...bars, interval: '7m' }, /interval.*"7m" does not divide a day/],
    ['SQL in the interval', { ...bars, interval: "1d'" }, /interval/],
    [
      'start after end',
      { ...bars, range: { startNs: 2n, endNs: 1n } },
      /range\.start_ns .* is not before range\.end_ns .*swap/,
    ],
    ['start at end', { ...bars, range: { startNs: 5n, endNs: 5n } }, /is not before/],
    ['a time before 1970', { ...bars, range: { startNs: -1n } }, /range\.start_ns -1 is before 1970/],
    [
      'an unknown column',
      { ...bars, columns: ['open', 'opne'] },
      /columns: "opne" is not one of start_ns, open/,
    ],
    ['a huge limit', { ...bars, limit: 2n ** 60n }, /limit \d+ is too large: at most/],
    ['newest of everything', { ...bars, newest: true }, /newest without limit/],
    ['control characters in the source', { ...bars, source: 'a\nb' }, /source "a\\nb" holds control/],
    ['a long source', { ...bars, source: 's'.repeat(200) }, /source has 200 characters/],
  ])('GetBars refuses %s', async (_what, init, message) => {
    await using service = await startService(new World().service());
    const stream = service.calls.getBars(create(queryV1.GetBarsRequestSchema, init), call);
    await expect(stream.next()).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(message) as string,
    });
  });

  it.each<[string, SubscribeInit, RegExp]>([
    ['a wrong symbol', { symbols: ['A', "B'"] }, /symbol "B'" is not/],
    [
      '100,000 symbols',
      { symbols: Array.from({ length: 100_000 }, (_, n) => `S${n}`) },
      /100000 entries, at most 10000/,
    ],
    ['a wrong interval', { intervals: ['5m', 'x'] }, /interval: "x"/],
    ['many intervals', { intervals: new Array<string>(65).fill('1m') }, /intervals has 65/],
    ['a time before 1970', { from: { case: 'sinceNs', value: -5n } }, /from\.since_ns -5/],
    ['live: false', { from: { case: 'live', value: false } }, /from\.live is false/],
    ['no position', { kinds: [TRADES], from: { case: 'after', value: {} } }, /from\.after has no partitions/],
  ])('Subscribe refuses %s', async (_what, init, message) => {
    await using service = await startService(new World().service());
    const stream = service.calls.subscribe(create(queryV1.SubscribeRequestSchema, init), call);
    await expect(stream.next()).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(message) as string,
    });
  });

  it('refuses numbers of enumerations that it does not know', async () => {
    await using service = await startService(new World().service());
    const barsRequest = create(queryV1.GetBarsRequestSchema, bars);
    Reflect.set(barsRequest, 'priceType', 99);
    await expect(service.calls.getBars(barsRequest, call).next()).rejects.toThrow(
      /price_type 99 is not known/,
    );
    const subscribeRequest = create(queryV1.SubscribeRequestSchema, {});
    Reflect.set(subscribeRequest, 'kinds', [99]);
    await expect(service.calls.subscribe(subscribeRequest, call).next()).rejects.toThrow(
      /kinds: 99 is not one of/,
    );
  });

  it('GetIndicators, GetLatest and ListInstruments refuse theirs', async () => {
    await using service = await startService(new World().service());
    const refusal = (message: RegExp): object => ({
      code: 'invalid-argument',
      message: expect.stringMatching(message) as string,
    });
    const { calls } = service;
    const noSpec = calls.getIndicators(create(queryV1.GetIndicatorsRequestSchema, bars), call);
    await expect(noSpec.next()).rejects.toMatchObject(refusal(/spec_id is empty/));
    const latest = (init: { symbols?: string[]; kinds?: string[] }): Promise<unknown> =>
      calls.getLatest(create(queryV1.GetLatestRequestSchema, init));
    await expect(latest({})).rejects.toMatchObject(refusal(/symbols is empty/));
    await expect(latest({ symbols: ['A'], kinds: ['tick'] })).rejects.toMatchObject(
      refusal(/kinds: "tick" is not one/),
    );
    const list = calls.listInstruments(create(queryV1.ListInstrumentsRequestSchema, { symbolPrefix: '%' }));
    await expect(list).rejects.toMatchObject(refusal(/symbol_prefix "%"/));
  });
});
