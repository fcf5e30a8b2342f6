import type { Header } from '@tickwell/domain';
import { priceBasisFromProto, priceBasisToProto } from './header-codec.ts';
import { UnusualLayout, type ForwardReader } from './wire-reader.ts';
import type { BackwardWriter } from './wire-writer.ts';

const VARINT = 0;
const FIXED64 = 1;
export const LEN = 2;

/** Field number and wire type as they stand on the wire. */
export const tagOf = (field: number, wireType: number): number => (field << 3) | wireType;

/** The header of an event's batch (common.proto) as its field 1. */
export function writeHeader(writer: BackwardWriter, header: Header): void {
  const end = writer.mark;
  writer.uint32(7, priceBasisToProto(header.priceBasis));
  writer.text(6, header.replayOf);
  writer.fixed64(5, header.watermarkNs);
  writer.fixed64(4, header.knownAtNs);
  const causeEnd = writer.mark;
  writer.uint32(3, header.cause.k);
  writer.uint64(2, header.cause.n);
  writer.text(1, header.cause.origin);
  writer.nested(3, causeEnd);
  writer.text(2, header.symbol);
  writer.text(1, header.source);
  writer.nested(1, end);
}

/** Undefined: without a cause. */
export function readHeader(reader: ForwardReader): Header | undefined {
  const header = { source: '', symbol: '', knownAtNs: 0n, watermarkNs: 0n, replayOf: '' };
  let priceBasis: Header['priceBasis'] = 'unspecified';
  let cause: Header['cause'] | undefined;
  let last = 0;
  for (let tag = reader.tag(); tag !== -1; tag = reader.tag()) {
    if (tag <= last) throw unusual();
    last = tag;
    if (tag === tagOf(1, LEN)) header.source = reader.text();
    else if (tag === tagOf(2, LEN)) header.symbol = reader.text();
    else if (tag === tagOf(3, LEN)) cause = reader.nested(() => readCause(reader));
    else if (tag === tagOf(4, FIXED64)) header.knownAtNs = reader.fixed64();
    else if (tag === tagOf(5, FIXED64)) header.watermarkNs = reader.fixed64();
    else if (tag === tagOf(6, LEN)) header.replayOf = reader.text();
    else if (tag === tagOf(7, VARINT)) priceBasis = priceBasisFromProto(reader.uint32());
    else throw unusual();
  }
  if (cause === undefined) return undefined;
  return { ...header, cause, priceBasis };
}

function readCause(reader: ForwardReader): Header['cause'] {
  const cause = { origin: '', n: 0n, k: 0 };
  let last = 0;
  for (let tag = reader.tag(); tag !== -1; tag = reader.tag()) {
    if (tag <= last) throw unusual();
    last = tag;
    if (tag === tagOf(1, LEN)) cause.origin = reader.text();
    else if (tag === tagOf(2, VARINT)) cause.n = BigInt(reader.varint());
    else if (tag === tagOf(3, VARINT)) cause.k = reader.uint32();
    else throw unusual();
  }
  return cause;
}

export function unusual(): UnusualLayout {
  return new UnusualLayout('fields that are not known here, not in order, or more than once');
}
