import type { Header } from '@tickwell/domain';
import type { Finding } from '@tickwell/flow';
import { silenceOf, STALE_FEED_RULE, type InstrumentSettings, type KeyState } from '@tickwell/validation';
import type { RawTopic } from './raw-topic.ts';

/** What a watermark says of the series of its stream that have been silent for too long; each silence is told once. */
export function silences(
  topic: RawTopic,
  state: KeyState,
  { cause }: Header,
  settings: InstrumentSettings,
  watermarkNs: bigint,
): readonly { readonly kind: string; readonly finding: Finding }[] {
  return state.streamsOf(cause.origin).flatMap(({ series, stream }) => {
    const silence = silenceOf(stream, watermarkNs, settings);
    if (silence === undefined || stream.prices === undefined) return [];
    stream.prices.isSilent = true;
    const { message, fromNs, toNs } = silence;
    const finding: Finding = { rule: STALE_FEED_RULE, message, startNs: fromNs, endNs: toNs };
    // Bars are one kind, whatever their interval; of ticks the series is the kind.
    return [{ kind: topic.recordKind === 'ticks' ? series : topic.recordKind, finding }];
  });
}
