/**
 * TickBatch by hand beside protobuf-es, the same batches in turns, in one run: microseconds a batch and the ratio.
 *
 *   node libs/contracts/bench/tick-batch.ts
 *
 * Not measured: garbage collection of a whole service, batches with conditions and venues.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { TickBatch } from '@tickwell/domain';
import * as pb from '../src/gen/tickwell/events/v1/market_pb.js';
import { headerToProto } from '../src/header-codec.ts';
import { readTickBatch, writeTickBatch } from '../src/tick-wire.ts';

const ROUNDS = 7;
const T0 = 1_700_000_000_000_000_000n;

type Trades = Extract<TickBatch, { kind: 'trades' }>;

function batchOf(size: number): Trades {
  const at = Array.from({ length: size }, (_, index) => index);
  return {
    kind: 'trades',
    header: {
      source: 'bench',
      symbol: 'SYM001',
      cause: { origin: 'md.raw.ticks@q5Yk8cTpQ1mYzv0aXrJ2Gw/3', n: 1_234_567n, k: 0 },
      knownAtNs: T0,
      watermarkNs: T0,
      replayOf: '',
      priceBasis: 'raw',
    },
    positions: at.map((index) => BigInt(1_000_000 + index)),
    trades: {
      timeNs: at.map((index) => T0 + BigInt(index) * 1_000_003n),
      seq: at.map(() => 0n),
      price: at.map((index) => 100 + index / 8),
      size: at.map((index) => 1 + (index % 500)),
      conditions: [],
      venue: [],
    },
  };
}

function generalEncode({ header, trades, positions }: Trades): Uint8Array {
  const kind = { case: 'trades' as const, value: create(pb.TradeColumnsSchema, trades) };
  const message = create(pb.TickBatchSchema, { header: headerToProto(header), kind, position: positions });
  return toBinary(pb.TickBatchSchema, message);
}

function microseconds(times: number, work: () => unknown): number {
  const startMs = performance.now();
  for (let time = 0; time < times; time++) work();
  return ((performance.now() - startMs) / times) * 1_000;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

for (const size of [1, 10, 500]) {
  const batch = batchOf(size);
  const bytes = generalEncode(batch);
  const times = Math.ceil(40_000 / size);
  const sides = [
    ['encode', () => writeTickBatch(batch), () => generalEncode(batch)],
    ['decode', () => readTickBatch(bytes), () => fromBinary(pb.TickBatchSchema, bytes)],
  ] as const;
  for (const [name, byHand, general] of sides) {
    const own: number[] = [];
    const other: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      own.push(microseconds(times, byHand));
      other.push(microseconds(times, general));
    }
    const [a, b] = [median(own), median(other)];
    process.stdout.write(
      `${name}, ${size} trades: by hand ${a.toFixed(2)} µs, protobuf-es ${b.toFixed(2)} µs, ratio ${(b / a).toFixed(1)}\n`,
    );
  }
}
