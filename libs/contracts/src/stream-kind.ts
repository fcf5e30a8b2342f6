import type { SummedKind } from '@tickwell/domain';
import { StreamKind } from './gen/tickwell/query/v1/market_data_pb.js';

const KINDS: Readonly<Record<SummedKind, StreamKind>> = {
  trades: StreamKind.TRADES,
  quotes: StreamKind.QUOTES,
  bars: StreamKind.BARS,
  indicators: StreamKind.INDICATORS,
  'forming-bars': StreamKind.FORMING_BARS,
};
const KINDS_BACK = new Map<number, SummedKind>(
  (Object.keys(KINDS) as SummedKind[]).map((name) => [KINDS[name], name]),
);

export function streamKindToProto(kind: SummedKind): StreamKind {
  return KINDS[kind];
}

/** Undefined for a number this build does not know. */
export function streamKindFromProto(kind: number): SummedKind | undefined {
  return KINDS_BACK.get(kind);
}
