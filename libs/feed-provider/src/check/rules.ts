import { parseInterval } from '@tickwell/domain';
import type { FeedChunk } from '@tickwell/ports';
import {
  ACTIONS,
  BARS,
  DEFAULT_SETTINGS,
  FUNDAMENTALS,
  judge,
  KeyState,
  QUOTES,
  TRADES,
  type BatchContext,
  type Judgement,
  type Kind,
} from '@tickwell/validation';

/** What the platform's validator says of the events, under the rules that it has in the flow. */
export function judgeChunks(
  chunks: readonly FeedChunk[],
  of: { readonly source: string; readonly nowNs: bigint },
): { readonly accepted: number; readonly duplicates: number; readonly reasons: readonly string[] } {
  const state = new KeyState();
  const reasons: string[] = [];
  let [accepted, duplicates] = [0, 0];
  for (const chunk of chunks) {
    const intervalText = chunk.kind === 'bars' ? chunk.interval : '';
    const interval = parseInterval(intervalText);
    const batch: BatchContext = {
      key: chunk.symbol,
      symbol: chunk.symbol,
      source: of.source,
      origin: 'check',
      streamName: undefined,
      referenceNs: of.nowNs,
      intervalText,
      interval: interval.ok ? interval.value : undefined,
      loggedNs: of.nowNs,
      settings: DEFAULT_SETTINGS.of(chunk.symbol),
      isReleased: false,
    };
    const judgement = judgeChunk(chunk, state, batch);
    if (judgement === undefined) continue;
    reasons.push(...judgement.refusals.map(({ reason }) => reason));
    duplicates += judgement.duplicates;
    accepted += judgement.received - judgement.refusals.length - judgement.duplicates;
  }
  return { accepted, duplicates, reasons };
}

function judgeChunk(chunk: FeedChunk, state: KeyState, batch: BatchContext): Judgement | undefined {
  const stream = state.stream(chunk.kind, 'check');
  const run = <C>(kind: Kind<C>, columns: C): Judgement =>
    judge(kind, columns, chunk.positions, stream, batch);
  switch (chunk.kind) {
    case 'bars':
      return run(BARS, chunk.bars);
    case 'trades':
      return run(TRADES, chunk.trades);
    case 'quotes':
      return run(QUOTES, chunk.quotes);
    case 'actions':
      return run(ACTIONS, chunk.actions);
    case 'fundamentals':
      return run(FUNDAMENTALS, chunk.items);
    case 'portfolio':
      return undefined;
  }
}
