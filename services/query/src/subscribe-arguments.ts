import type { queryV1 } from '@tickwell/contracts';
import { err, ok, type Result } from '@tickwell/domain';
import { intervalArgument, streamKindsArgument, symbolsArgument, textArgument } from './arguments.ts';
import type { EventFilter } from './event-filter.ts';
import type { Position } from './response.ts';

export type From =
  | { readonly kind: 'live' }
  | { readonly kind: 'after'; readonly positions: readonly Position[] }
  | { readonly kind: 'since'; readonly sinceNs: bigint };

export interface SubscribeArguments {
  readonly filter: EventFilter;
  readonly from: From;
}

const MAX_INTERVALS = 64;
const MAX_POSITIONS = 10_000;

export function subscribeArguments(request: queryV1.SubscribeRequest): Result<SubscribeArguments, string> {
  const symbols = symbolsArgument(request.symbols);
  if (!symbols.ok) return symbols;
  const kinds = streamKindsArgument(request.kinds);
  if (!kinds.ok) return kinds;
  const source = textArgument('source', request.source);
  if (!source.ok) return source;
  if (request.intervals.length > MAX_INTERVALS) {
    return err(`intervals has ${request.intervals.length} entries: at most ${MAX_INTERVALS}`);
  }
  for (const interval of request.intervals) {
    const checked = intervalArgument(interval);
    if (!checked.ok) return checked;
  }
  const from = fromArgument(request.from);
  if (!from.ok) return from;
  return ok({
    from: from.value,
    filter: {
      symbols: symbols.value.length === 0 ? undefined : new Set(symbols.value),
      kinds: kinds.value,
      source: source.value,
      intervals: request.intervals.length === 0 ? undefined : new Set(request.intervals),
      sinceNs: from.value.kind === 'since' ? from.value.sinceNs : undefined,
    },
  });
}

function fromArgument(from: queryV1.SubscribeRequest['from']): Result<From, string> {
  switch (from.case) {
    case undefined:
      return ok({ kind: 'live' });
    case 'live':
      return from.value
        ? ok({ kind: 'live' })
        : err('from.live is false: leave it out, or set after or since_ns');
    case 'sinceNs':
      return from.value < 0n
        ? err(`from.since_ns ${from.value} is before 1970: nothing is stored there; 0 is everything`)
        : ok({ kind: 'since', sinceNs: from.value });
    case 'after':
      return positionsArgument(from.value.partitions);
  }
}

function positionsArgument(partitions: readonly queryV1.PartitionPosition[]): Result<From, string> {
  if (partitions.length === 0)
    return err('from.after has no partitions: send back a position that the stream sent');
  if (partitions.length > MAX_POSITIONS) {
    return err(`from.after has ${partitions.length} partitions: send back a position that the stream sent`);
  }
  const positions = partitions.map(({ topic, partition, epoch, nextOffset }) => ({
    topic,
    partition,
    epoch,
    nextOffset,
  }));
  return ok({ kind: 'after', positions });
}
