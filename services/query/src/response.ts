import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { queryV1 } from '@tickwell/contracts';
import type { EventKind } from './arguments.ts';

const FIELD = queryV1.SubscribeResponseSchema.field;
const FIELD_OF_KIND: Readonly<Record<EventKind, number>> = {
  trades: FIELD.ticks.number,
  quotes: FIELD.ticks.number,
  bars: FIELD.bars.number,
  indicators: FIELD.indicators.number,
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
    const message = create(queryV1.StreamPositionSchema, { partitions: [position] });
    writer
      .tag(FIELD.position.number, WireType.LengthDelimited)
      .bytes(toBinary(queryV1.StreamPositionSchema, message));
  }
  return writer.tag(FIELD_OF_KIND[kind], WireType.LengthDelimited).bytes(batch).finish();
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

export function heartbeat(partitions: readonly Position[], timeNs: bigint): queryV1.SubscribeResponse {
  return create(queryV1.SubscribeResponseSchema, {
    position: { partitions: [...partitions] },
    message: { case: 'heartbeat', value: { timeNs } },
  });
}
