import { ok, type Result, type TickwellError } from '@tickwell/domain';
import type { EventSource, FeedItem, FeedJob } from '@tickwell/ports';

/** What a stream of a request brought. */
export interface Brought {
  /** Events of the series in the span. */
  count: number;
  /** Events of any kind and time. */
  seen: number;
  /** "" before it is opened. */
  stream: string;
}

/**
 * A job whose streams belong to one request: a source that was asked for the span before is asked again, and what a request that was
 * interrupted has brought is not brought twice.
 */
export function ofRequest(job: FeedJob, requestId: string, series: SeriesOf, brought: Brought): FeedJob {
  return {
    name: job.name,
    open: async (logger, options): Promise<Result<EventSource, TickwellError>> => {
      const opened = await job.open(logger, options);
      return opened.ok ? ok(requested(opened.value, requestId, series, brought)) : opened;
    },
  };
}

interface SeriesOf {
  readonly symbol: string;
  readonly kind: string;
  readonly interval: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
}

function requested(inner: EventSource, requestId: string, series: SeriesOf, brought: Brought): EventSource {
  const { source, description } = inner;
  const streamId = `repair:${requestId}:${inner.streamId}`;
  brought.stream = streamId;
  return {
    streamId,
    source,
    description: `${description} (repair ${requestId})`,
    async *read(options) {
      for await (const item of inner.read(options)) {
        const count = countOf(item, series);
        if (item.kind !== 'refused' && item.kind !== 'progress') brought.seen += item.positions.length;
        brought.count += count;
        yield item;
      }
    },
    close: () => inner.close(),
  };
}

/** Events of the series in the span; a source may bring more than it was asked for. */
function countOf(item: FeedItem, { symbol, kind, interval, startNs, endNs }: SeriesOf): number {
  if (item.kind !== 'bars' || kind !== 'bars' || item.symbol !== symbol || item.interval !== interval)
    return 0;
  return item.bars.startNs.filter((start) => start >= startNs && start < endNs).length;
}
