import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { queryV1, streamKindToProto } from '@tickwell/contracts';
import type { EventLedger, EventSum } from '@tickwell/domain';
import type { EventKind } from './arguments.ts';

/** Some hundred kilobytes. */
const MAX_SUMS_PER_MESSAGE = 4_000;
const FIELD = queryV1.SubscribeResponseSchema.field;
const PLACE = queryV1.PartitionPositionSchema.field;
const FIELD_OF_KIND: Readonly<Record<EventKind, number>> = {
  trades: FIELD.ticks.number,
  quotes: FIELD.ticks.number,
  bars: FIELD.bars.number,
  indicators: FIELD.indicators.number,
  'forming-bars': FIELD.bars.number,
};

export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: string;
  readonly nextOffset: bigint;
}

/**
 * A SubscribeResponse around a batch that is serialized already: the batch goes in as the bytes of its field, so that no column
 * is encoded a second time. Without a position for rows of the store, which come before any.
 */
export function batchResponse(kind: EventKind, batch: Uint8Array, position?: Position): Uint8Array {
  const writer = new BinaryWriter();
  if (position !== undefined) {
    const { topic, epoch, partition, nextOffset } = position;
    // Field by field: to make a message object of it first costs more than all the rest.
    writer
      .tag(FIELD.position.number, WireType.LengthDelimited)
      .fork()
      .tag(queryV1.StreamPositionSchema.field.partitions.number, WireType.LengthDelimited)
      .fork();
    writer.tag(PLACE.topic.number, WireType.LengthDelimited).string(topic);
    writer.tag(PLACE.epoch.number, WireType.LengthDelimited).string(epoch);
    if (partition !== 0) writer.tag(PLACE.partition.number, WireType.Varint).uint32(partition);
    writer.tag(PLACE.nextOffset.number, WireType.Varint).uint64(nextOffset).join().join();
  }
  return writer.tag(FIELD_OF_KIND[kind], WireType.LengthDelimited).bytes(batch).finish();
}

/** As {@link batchResponse}, of the newest event of a series, which is of no stream. */
export function snapshotResponse(kind: EventKind, batch: Uint8Array): Uint8Array {
  const writer = new BinaryWriter().raw(batchResponse(kind, batch));
  return writer.tag(FIELD.snapshot.number, WireType.Varint).bool(true).finish();
}

/** The snapshot is complete, and the stream goes on from the positions. */
export function snapshotEnd(partitions: readonly Position[], series: number): queryV1.SubscribeResponse {
  return create(queryV1.SubscribeResponseSchema, {
    position: { partitions: [...partitions] },
    message: { case: 'snapshotEnd', value: { series: BigInt(series) } },
  });
}

/** Several serialized responses as one: the later ones go, as they are, into the field of the first that is there for them. */
export function packed(messages: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array(), ...rest] = messages;
  if (rest.length === 0) return first;
  const writer = new BinaryWriter().raw(first);
  for (const message of rest) writer.tag(FIELD.more.number, WireType.LengthDelimited).bytes(message);
  return writer.finish();
}

/** First of all: where history from the store ends. */
export function opening(partitions: readonly Position[]): queryV1.SubscribeResponse {
  return create(queryV1.SubscribeResponseSchema, {
    position: { partitions: [...partitions] },
    message: { case: 'opening', value: {} },
  });
}

/** So many events were left out, for a reader who was too slow. */
export function conflated(events: number): Uint8Array {
  const message = create(queryV1.SubscribeResponseSchema, {
    message: { case: 'conflated', value: { events: BigInt(events) } },
  });
  return toBinary(queryV1.SubscribeResponseSchema, message);
}

/** Last of all: what the stream has brought. */
export function* statement(
  partitions: readonly Position[],
  ledger: EventLedger,
  conflated: number,
): Generator<queryV1.SubscribeResponse> {
  const series = ledger.series().map(({ symbol, source, kind, sum }) => ({
    symbol,
    source,
    kind: streamKindToProto(kind),
    events: BigInt(sum.events),
    hash: sum.toBytes(),
  }));
  for (let from = 0; from === 0 || from < series.length; from += MAX_SUMS_PER_MESSAGE) {
    const more = from + MAX_SUMS_PER_MESSAGE < series.length;
    const value = {
      series: series.slice(from, from + MAX_SUMS_PER_MESSAGE),
      more,
      conflated: BigInt(conflated),
    };
    yield create(queryV1.SubscribeResponseSchema, {
      position: { partitions: more ? [] : [...partitions] },
      message: { case: 'statement', value },
    });
  }
}

export function liveMarker(
  partitions: readonly Position[],
  historyEvents: number,
): queryV1.SubscribeResponse {
  return create(queryV1.SubscribeResponseSchema, {
    position: { partitions: [...partitions] },
    message: { case: 'live', value: { historyEvents: BigInt(historyEvents) } },
  });
}

/** `total`: of everything that the stream has brought. */
export function heartbeat(
  partitions: readonly Position[],
  timeNs: bigint,
  total?: EventSum,
): queryV1.SubscribeResponse {
  const sums = total === undefined ? {} : { events: BigInt(total.events), hash: total.toBytes() };
  return create(queryV1.SubscribeResponseSchema, {
    position: { partitions: [...partitions] },
    message: { case: 'heartbeat', value: { timeNs, ...sums } },
  });
}

/** Answers as the bytes that are sent, which some are already. */
export async function* encoded<A extends object>(
  answers: AsyncIterable<A | Uint8Array>,
  encode: (answer: A) => Uint8Array,
): AsyncGenerator<Uint8Array> {
  for await (const answer of answers) yield answer instanceof Uint8Array ? answer : encode(answer);
}
