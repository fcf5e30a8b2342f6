import { infoOf } from '../market-rule.ts';
import type { BatchContext } from '../rule.ts';
import { ClockState } from '../market/clock-state.ts';
import { CLOCK_SKEW } from '../settings/catalogue.ts';
import type { StreamState } from '../stream-state.ts';

const NS_PER_SECOND = 1e9;

/** About a stream and no event of it: told once when it begins, and again only after it was over. */
export const CLOCK_RULE = infoOf(
  CLOCK_SKEW,
  'Event times of the stream are steadily ahead of the times at which the log took them, or behind by more than a delivery takes: a wrong clock or time zone, or a delayed feed. By records, of which strays are left out; history says nothing about clocks.',
);

/** Takes the times of one record, and says what is wrong with the clock of its stream; undefined: nothing that was not told. */
export function clockProblem(stream: StreamState, batch: BatchContext): string | undefined {
  const rule = batch.settings.rules.rule(CLOCK_SKEW);
  if (rule.action === 'off' || !stream.hasLast) return undefined;
  const clock = (stream.clock ??= new ClockState());
  clock.take(Number(stream.timeNs) / NS_PER_SECOND, Number(batch.loggedNs) / NS_PER_SECOND);
  const { lagS } = clock;
  const isWrong =
    clock.isSteady && (lagS > rule.number('behindSeconds') || -lagS > rule.number('aheadSeconds'));
  const isNews = isWrong && !clock.isTold;
  clock.isTold = isWrong;
  if (!isNews) return undefined;
  const side = lagS > 0 ? 'behind' : 'ahead of';
  return `event times are steadily ${Math.abs(lagS).toPrecision(3)} s ${side} the log: a wrong clock or time zone, or a delayed feed`;
}
