import { errorMessage, TickwellError, type Interval } from '@tickwell/domain';
import type { FeedChunk, FeedItem, FeedRefusal, LiveReport, Logger } from '@tickwell/ports';
import type { ProviderKind } from '@tickwell/provider';
import { HistorySource } from '../history-source.ts';
import type { ProviderRuntime } from '../runtime.ts';

/** One history that is asked for. */
export interface Ask {
  readonly runtime: ProviderRuntime;
  readonly vendor: string;
  readonly kind: ProviderKind;
  readonly interval: Interval | undefined;
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** What one reading of a history came to. */
export interface Reading {
  readonly chunks: readonly FeedChunk[];
  readonly refusals: readonly FeedRefusal[];
  readonly events: number;
  /** What was said on the way: rows left out. */
  readonly warnings: readonly string[];
  readonly error: TickwellError | undefined;
}

/** A name of its own: what is checked is what the provider says, not under which id it is filed. */
export const CHECKED_SYMBOL = 'CHECK';

export async function readHistory(ask: Ask, signal = new AbortController().signal): Promise<Reading> {
  const warnings: string[] = [];
  const source = sourceOf(ask, warnings);
  const items: FeedItem[] = [];
  let error: TickwellError | undefined;
  try {
    for await (const item of source.read({ afterPosition: 0n, signal })) items.push(item);
  } catch (cause) {
    error =
      cause instanceof TickwellError ? cause : new TickwellError('internal', errorMessage(cause), { cause });
  }
  const chunks = items.filter(
    (item): item is FeedChunk => item.kind !== 'refused' && item.kind !== 'progress',
  );
  const refusals = items.filter((item): item is FeedRefusal => item.kind === 'refused');
  const events = chunks.reduce((sum, { positions }) => sum + positions.length, 0);
  return { chunks, refusals, events, warnings, error };
}

export function sourceOf(ask: Ask, warnings: string[] = []): HistorySource {
  const logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (_fields, message) => warnings.push(message),
    error: () => undefined,
  };
  const onReport = (_source: string, report: LiveReport): void => {
    if (report.kind === 'refused') warnings.push(report.reason);
  };
  return new HistorySource({ ...ask, continues: false, symbol: CHECKED_SYMBOL, logger, onReport });
}

/** Events with their time, one text each, to be compared. */
export function eventTexts(chunks: readonly FeedChunk[]): string[] {
  return chunks.flatMap((chunk) => {
    const columns: Readonly<Record<string, unknown>> = { ...columnsOf(chunk) };
    return chunk.positions.map((_, at) =>
      JSON.stringify(
        Object.entries(columns).map(([name, column]) => [
          name,
          Array.isArray(column) ? (column[at] as unknown) : null,
        ]),
        (key, value: unknown) =>
          key === 'position' ? undefined : typeof value === 'bigint' ? value.toString() : value,
      ),
    );
  });
}

function columnsOf(chunk: FeedChunk): object {
  switch (chunk.kind) {
    case 'bars':
      return chunk.bars;
    case 'trades':
      return chunk.trades;
    case 'quotes':
      return chunk.quotes;
    case 'actions':
      return { actions: chunk.actions };
    case 'fundamentals':
    case 'portfolio':
      return { items: chunk.items };
  }
}
