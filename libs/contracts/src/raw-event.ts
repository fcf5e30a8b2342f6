import {
  clone,
  fromBinary,
  fromJsonString,
  toBinary,
  toJson,
  type JsonValue,
  type Message,
} from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import { err, errorMessage, ok, type Header, type Result } from '@tickwell/domain';
import type { DecodeError } from './codec.ts';
import * as pb from './events.ts';
import { headerFromProto, headerToProto } from './header-codec.ts';
import { TOPICS, type TopicSpec } from './topics.ts';

/** A record of a raw topic as a person edits it: its events apart from where they came from. */
export interface RawEvent {
  readonly topic: TopicSpec;
  /** Undefined where the record has none that is whole. */
  readonly header: Header | undefined;
  readonly events: number;
  /** Time of the first event, ns since the epoch; 0n without events. */
  readonly firstTimeNs: bigint;
  /** The message in protobuf's JSON form (64-bit numbers are texts), without header and positions. */
  toJson(): JsonValue;
  /** The message under another header, its events at positions from `first` on. */
  encode(header: Header, first: bigint): Uint8Array<ArrayBuffer>;
}

/** One type of raw record. */
export interface RawEventType {
  readonly topic: TopicSpec;
  fromBytes(bytes: Uint8Array): Result<RawEvent, DecodeError>;
  /** The error says what is wrong with the JSON. */
  fromJson(text: string): Result<RawEvent, string>;
}

/** What sets one type apart. */
interface Parts<M> {
  readonly topic: TopicSpec;
  /** Times of the events, ns since the epoch; one for each. */
  readonly timesNs: (message: M) => readonly bigint[];
  /** Numbers the events; undefined takes the numbers away. */
  readonly number: (message: M, first: bigint | undefined) => void;
}

function rawEventType<M extends Message & { header?: pb.Header | undefined }>(
  schema: GenMessage<M>,
  parts: Parts<M>,
): RawEventType {
  const changed = (message: M, header: pb.Header | undefined, first: bigint | undefined): M => {
    const copy = clone<GenMessage<M>>(schema, message);
    copy.header = header;
    parts.number(copy, first);
    return copy;
  };
  const wrap = (message: M): RawEvent => {
    const timesNs = parts.timesNs(message);
    return {
      topic: parts.topic,
      header: headerFromProto(message.header),
      events: timesNs.length,
      firstTimeNs: timesNs[0] ?? 0n,
      toJson: () => toJson(schema, changed(message, undefined, undefined)),
      encode: (header, first) => toBinary(schema, changed(message, headerToProto(header), first)),
    };
  };
  return {
    topic: parts.topic,
    fromBytes: (bytes) => {
      try {
        return ok(wrap(fromBinary(schema, bytes)));
      } catch (cause) {
        const reason = `not a ${schema.typeName}: ${errorMessage(cause)}`;
        return err({ rule: 'malformed-protobuf', reason });
      }
    },
    fromJson: (text) => {
      try {
        return ok(wrap(fromJsonString(schema, text)));
      } catch (cause) {
        return err(errorMessage(cause));
      }
    },
  };
}

/** Positions of `count` events from `first` on. */
function positions(count: number, first: bigint | undefined): bigint[] {
  return first === undefined ? [] : Array.from({ length: count }, (_, index) => first + BigInt(index));
}

function numberItems(items: readonly { position: bigint }[], first: bigint | undefined): void {
  for (const [index, item] of items.entries())
    item.position = first === undefined ? 0n : first + BigInt(index);
}

function tickTimes({ kind }: pb.TickBatch): readonly bigint[] {
  return kind.case === undefined ? [] : kind.value.timeNs;
}

const TYPES: readonly RawEventType[] = [
  rawEventType(pb.TickBatchSchema, {
    topic: TOPICS.rawTicks,
    timesNs: tickTimes,
    number: (message, first) => {
      message.position = positions(tickTimes(message).length, first);
    },
  }),
  rawEventType(pb.BarBatchSchema, {
    topic: TOPICS.rawBars,
    timesNs: ({ bars }) => bars?.startNs ?? [],
    number: (message, first) => {
      message.position = positions(message.bars?.startNs.length ?? 0, first);
    },
  }),
  rawEventType(pb.FundamentalBatchSchema, {
    topic: TOPICS.rawFundamentals,
    timesNs: ({ items }) => items.map(({ periodEndNs }) => periodEndNs),
    number: ({ items }, first) => {
      numberItems(items, first);
    },
  }),
  rawEventType(pb.CorporateActionBatchSchema, {
    topic: TOPICS.rawActions,
    timesNs: ({ actions }) => actions.map(({ exDateNs }) => exDateNs),
    number: ({ actions }, first) => {
      numberItems(actions, first);
    },
  }),
  rawEventType(pb.PortfolioEventSchema, {
    topic: TOPICS.rawPortfolio,
    timesNs: ({ timeNs }) => [timeNs],
    number: (message, first) => {
      message.positionInStream = first ?? 0n;
    },
  }),
];

/** Names of the types a raw record of events may have. */
export const RAW_EVENT_TYPES: readonly string[] = TYPES.map(({ topic }) => topic.type);

/** The raw type of that name; undefined: there is none. */
export function rawEventTypeOf(typeName: string): RawEventType | undefined {
  return TYPES.find(({ topic }) => topic.type === typeName);
}
