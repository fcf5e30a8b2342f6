import { create, fromBinary } from '@bufbuild/protobuf';
import type { Cause, Header, PriceBasis, PriceType } from '@tickwell/domain';
import * as pb from './gen/tickwell/events/v1/common_pb.js';

const BASIS: Readonly<Record<PriceBasis, pb.PriceBasis>> = {
  unspecified: pb.PriceBasis.UNSPECIFIED,
  raw: pb.PriceBasis.RAW,
  'split-adjusted': pb.PriceBasis.SPLIT_ADJUSTED,
  all: pb.PriceBasis.ALL,
};
const BASIS_BACK = new Map<number, PriceBasis>(
  (Object.keys(BASIS) as PriceBasis[]).map((name) => [BASIS[name], name]),
);

const PRICE_TYPE: Readonly<Record<PriceType, pb.PriceType>> = {
  trade: pb.PriceType.TRADE,
  bid: pb.PriceType.BID,
  ask: pb.PriceType.ASK,
  mid: pb.PriceType.MID,
};
const PRICE_TYPE_BACK = new Map<number, PriceType>(
  (Object.keys(PRICE_TYPE) as PriceType[]).map((name) => [PRICE_TYPE[name], name]),
);

const UNSPECIFIED: number = pb.PriceType.UNSPECIFIED;

export function priceBasisToProto(basis: PriceBasis): pb.PriceBasis {
  return BASIS[basis];
}

/** A number this build does not know reads as unspecified. */
export function priceBasisFromProto(basis: number): PriceBasis {
  return BASIS_BACK.get(basis) ?? 'unspecified';
}

export function priceTypeToProto(type: PriceType): pb.PriceType {
  return PRICE_TYPE[type];
}

/** Unspecified reads as trade, the field's default for bars; undefined for a number this build does not know. */
export function priceTypeFromProto(type: number): PriceType | undefined {
  return type === UNSPECIFIED ? 'trade' : PRICE_TYPE_BACK.get(type);
}

export function causeToProto(cause: Cause): pb.Cause {
  return create(pb.CauseSchema, cause);
}

export function causeFromProto(cause: pb.Cause): Cause {
  return { origin: cause.origin, n: cause.n, k: cause.k };
}

export function headerToProto(header: Header): pb.Header {
  return create(pb.HeaderSchema, {
    source: header.source,
    symbol: header.symbol,
    cause: causeToProto(header.cause),
    knownAtNs: header.knownAtNs,
    watermarkNs: header.watermarkNs,
    replayOf: header.replayOf,
    priceBasis: BASIS[header.priceBasis],
  });
}

/** Undefined where the header or its cause is missing: no record of the flow is valid without. */
export function headerFromProto(header: pb.Header | undefined): Header | undefined {
  if (header?.cause === undefined) return undefined;
  return {
    source: header.source,
    symbol: header.symbol,
    cause: causeFromProto(header.cause),
    knownAtNs: header.knownAtNs,
    watermarkNs: header.watermarkNs,
    replayOf: header.replayOf,
    priceBasis: priceBasisFromProto(header.priceBasis),
  };
}

/** The header of any record of market data, without decoding its columns; undefined where there is none or the bytes are broken. */
export function peekHeader(bytes: Uint8Array): Header | undefined {
  try {
    return headerFromProto(fromBinary(pb.HeaderOnlySchema, bytes, { readUnknownFields: false }).header);
  } catch {
    return undefined;
  }
}
