import { create, fromBinary } from '@bufbuild/protobuf';
import { encodeBarBatch, events, queryV1 } from '@tickwell/contracts';
import { emptyBars, type BarBatch } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import { marketEvents } from './live-event.ts';

const BATCH: BarBatch = {
  header: {
    source: 'derived:ib',
    symbol: 'A',
    cause: { origin: 'o', n: 1n, k: 0 },
    knownAtNs: 1n,
    watermarkNs: 0n,
    replayOf: '',
    priceBasis: 'raw',
  },
  interval: '1m',
  priceType: 'trade',
  bars: { ...emptyBars(), startNs: [60n], open: [1], high: [2], low: [1], close: [2] },
  positions: [],
};

function message(batch: BarBatch): queryV1.SubscribeResponse['message'] {
  const value = fromBinary(events.BarBatchSchema, encodeBarBatch(batch));
  return create(queryV1.SubscribeResponseSchema, { message: { case: 'bars', value } }).message;
}

describe('events of a message', () => {
  it('tells bars that go on from those that are final', () => {
    expect(marketEvents(message(BATCH))).toMatchObject([{ kind: 'bars', symbol: 'A', interval: '1m' }]);
    expect(marketEvents(message({ ...BATCH, forming: true }))).toMatchObject([
      { kind: 'forming-bars', symbol: 'A', bars: { close: [2] } },
    ]);
  });
});
