import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { IndicatorBatch } from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeIndicatorBatches,
  encodeIndicatorBatches,
  indicatorBatchesFromProto,
  type IndicatorBatches,
} from './codec.ts';
import { plain } from './fixtures/plain.ts';
import { columns, header, int64 } from './fixtures/tick-batches.ts';
import * as pb from './gen/tickwell/events/v1/market_pb.js';
import { headerToProto, priceTypeToProto } from './header-codec.ts';
import { readIndicatorMessage } from './indicator-wire.ts';

type Values = Pick<IndicatorBatch, 'specId' | 'startNs' | 'warm' | 'outputs'>;

const valuesOf = (startNs: bigint[]): fc.Arbitrary<Values> =>
  fc.record({
    specId: fc.string(),
    startNs: fc.constant(startNs),
    warm: columns(startNs.length, fc.boolean()),
    outputs: fc.array(fc.record({ name: fc.string(), value: columns(startNs.length, fc.double()) }), {
      maxLength: 3,
    }),
  });

/** One record: the first specification, some with the same starts, and some with starts of their own. */
const record: fc.Arbitrary<IndicatorBatches> = fc
  .tuple(
    header,
    fc.string(),
    fc.constantFrom('trade', 'bid', 'ask', 'mid'),
    fc.array(int64, { maxLength: 10 }),
  )
  .chain(([head, interval, priceType, startNs]) =>
    fc
      .tuple(
        valuesOf(startNs),
        fc.array(
          fc.oneof(
            valuesOf(startNs),
            fc.array(int64, { minLength: 1, maxLength: 4 }).chain((own) => valuesOf(own)),
          ),
          { maxLength: 4 },
        ),
      )
      .map(([first, more]): IndicatorBatches => {
        const batch = (values: Values) => ({ header: head, interval, priceType, ...values });
        return [batch(first), ...more.map(batch)];
      }),
  );

function generalEncode([first, ...more]: IndicatorBatches): Uint8Array {
  const message = create(pb.IndicatorBatchSchema, {
    ...first,
    header: headerToProto(first.header),
    priceType: priceTypeToProto(first.priceType),
    outputs: first.outputs.map((output) => create(pb.IndicatorOutputSchema, output)),
    more: more.map((values) => {
      const isShared = values.startNs.join() === first.startNs.join();
      return create(pb.IndicatorValuesSchema, {
        specId: values.specId,
        startNs: isShared ? [] : values.startNs,
        warm: values.warm,
        outputs: values.outputs.map((output) => create(pb.IndicatorOutputSchema, output)),
      });
    }),
  });
  return toBinary(pb.IndicatorBatchSchema, message);
}

const BATCH: IndicatorBatch = {
  header: {
    source: 's',
    symbol: 'A',
    cause: { origin: 'o', n: 1n, k: 0 },
    knownAtNs: 1n,
    watermarkNs: 1n,
    replayOf: '',
    priceBasis: 'raw',
  },
  interval: '1m',
  priceType: 'trade',
  specId: 'sma(2)',
  startNs: [1n],
  warm: [true],
  outputs: [],
};

describe('a record of indicators by hand', () => {
  it('has the bytes that protobuf-es writes', () => {
    fc.assert(
      fc.property(record, (batches) => {
        expect(encodeIndicatorBatches(batches)).toEqual(generalEncode(batches));
      }),
    );
  });

  it('reads as protobuf-es reads it', () => {
    fc.assert(
      fc.property(record, (batches) => {
        const bytes = generalEncode(batches);
        const general = indicatorBatchesFromProto(fromBinary(pb.IndicatorBatchSchema, bytes));
        expect(plain(decodeIndicatorBatches(bytes))).toEqual(plain(general));
      }),
    );
  });

  it('is given the same verdict as by protobuf-es, whatever happens to its bytes', () => {
    const general = (bytes: Uint8Array): unknown => {
      try {
        return plain(indicatorBatchesFromProto(fromBinary(pb.IndicatorBatchSchema, bytes)));
      } catch {
        return 'malformed-protobuf';
      }
    };
    const byHand = (bytes: Uint8Array): unknown => {
      const result = decodeIndicatorBatches(bytes);
      return !result.ok && result.error.rule === 'malformed-protobuf' ? 'malformed-protobuf' : plain(result);
    };
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(record, damage, fc.option(fc.nat()), (batches, changes, cut) => {
        const bytes = generalEncode(batches).slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const damaged = cut === null ? bytes : bytes.subarray(0, cut % bytes.length);
        expect(byHand(damaged)).toEqual(general(damaged));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is what is read by hand in everyday use', () => {
    const batches: IndicatorBatches = [BATCH, { ...BATCH, specId: 'rsi(14)' }];
    expect(readIndicatorMessage(encodeIndicatorBatches(batches))).toBeDefined();
    expect(decodeIndicatorBatches(encodeIndicatorBatches(batches))).toEqual({ ok: true, value: batches });
  });

  it.each([
    ['a column that is not packed', (writer: BinaryWriter) => writer.tag(6, WireType.Varint).bool(true)],
    ['a field of a later version', (writer: BinaryWriter) => writer.tag(9, WireType.Varint).uint32(1)],
  ])('leaves %s to the general decoder', (_what, add) => {
    fc.assert(
      fc.property(record, (batches) => {
        const bytes = Buffer.concat([generalEncode(batches), add(new BinaryWriter()).finish()]);
        expect(readIndicatorMessage(bytes)).toBeUndefined();
      }),
      { numRuns: 5 },
    );
  });

  it('names the specification whose columns do not fit together', () => {
    const short = { ...BATCH, specId: 'rsi(14)', outputs: [{ name: 'rsi', value: [] }] };
    expect(decodeIndicatorBatches(encodeIndicatorBatches([BATCH, short]))).toMatchObject({
      ok: false,
      error: { rule: 'column-length', reason: 'rsi(14): column rsi has 0 of 1 entries' },
    });
  });
});
