import { fromBinary } from '@bufbuild/protobuf';
import {
  err,
  ok,
  type Cause,
  type FrameId,
  type FrameKind,
  type FrameOperation,
  type Result,
} from '@tickwell/domain';
import { parseMessage, type DecodeError } from './codec.ts';
import * as pb from './gen/tickwell/events/v1/frame_pb.js';
import { causeFromProto } from './header-codec.ts';

const KINDS: Readonly<Record<FrameKind, pb.FrameKind>> = {
  symbol: pb.FrameKind.SYMBOL,
  snapshot: pb.FrameKind.SNAPSHOT,
};
const OPERATIONS: Readonly<Record<FrameOperation, pb.FrameOperation>> = {
  write: pb.FrameOperation.WRITE,
  append: pb.FrameOperation.APPEND,
  update: pb.FrameOperation.UPDATE,
  'delete-range': pb.FrameOperation.DELETE_RANGE,
  delete: pb.FrameOperation.DELETE,
  'write-metadata': pb.FrameOperation.WRITE_METADATA,
  merge: pb.FrameOperation.MERGE,
  prune: pb.FrameOperation.PRUNE,
};

export function frameKindToProto(kind: FrameKind): pb.FrameKind {
  return KINDS[kind];
}

/** Undefined: unspecified, or a number this build does not know. */
export function frameKindFromProto(kind: pb.FrameKind): FrameKind | undefined {
  return nameOf(KINDS, kind);
}

export function frameOperationToProto(operation: FrameOperation): pb.FrameOperation {
  return OPERATIONS[operation];
}

/** Undefined: unspecified, or a number this build does not know. */
export function frameOperationFromProto(operation: pb.FrameOperation): FrameOperation | undefined {
  return nameOf(OPERATIONS, operation);
}

function nameOf<N extends string>(names: Readonly<Record<N, number>>, value: number): N | undefined {
  for (const name in names) if (names[name] === value) return name;
  return undefined;
}

export interface FrameHeader {
  /** Who writes. */
  readonly source: string;
  readonly cause: Cause;
  readonly knownAtNs: bigint;
  readonly replayOf: string;
}

/** A record of ds.raw or ds.rows whose header and key are whole. */
export interface DecodedFrame {
  readonly header: FrameHeader;
  readonly library: string;
  readonly frame: FrameId;
  readonly writeId: string;
  readonly record: Exclude<pb.FrameRecord['record'], { case: undefined }>;
}

export function decodeFrameRecord(value: Uint8Array): Result<DecodedFrame, DecodeError> {
  const parsed = parseMessage(pb.FrameRecordSchema, value);
  if (!parsed.ok) return parsed;
  const { header, key, writeId, record } = parsed.value;
  if (header?.cause === undefined || key === undefined)
    return err({ rule: 'missing-header', reason: 'a FrameRecord without header, cause or key' });
  const kind = frameKindFromProto(key.kind);
  if (kind === undefined || record.case === undefined)
    return err({
      rule: 'unknown-value',
      reason: `a FrameRecord of kind ${key.kind} with ${record.case ?? 'nothing in it'}`,
    });
  const { source, knownAtNs, replayOf } = header;
  return ok({
    header: { source, cause: causeFromProto(header.cause), knownAtNs, replayOf },
    library: key.library,
    frame: { generation: key.generation, kind, name: key.name },
    writeId,
    record,
  });
}

/** The header of a record of ds.raw or ds.rows, whatever else is wrong with it; undefined: there is none. */
export function peekFrameHeader(value: Uint8Array): FrameHeader | undefined {
  try {
    const { header } = fromBinary(pb.FrameRecordSchema, value, { readUnknownFields: false });
    if (header?.cause === undefined) return undefined;
    const { source, knownAtNs, replayOf } = header;
    return { source, cause: causeFromProto(header.cause), knownAtNs, replayOf };
  } catch {
    return undefined;
  }
}
