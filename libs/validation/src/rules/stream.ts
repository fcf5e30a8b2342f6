import { formatNs } from '@tickwell/domain';
import { infoOf, type MarketRule } from '../market-rule.ts';
import type { Kind } from '../rule.ts';
import { SEQUENCE_GAP, STALE_FEED } from '../settings/catalogue.ts';
import type { InstrumentSettings } from '../settings/settings.ts';
import type { StreamState } from '../stream-state.ts';

/** What findings about silence are filed under. */
export const STALE_FEED_RULE = STALE_FEED.id;
const NS_PER_SECOND = 1_000_000_000;

/** What a stream's silence says; undefined: it is not silent, or was told of already. */
interface Silence {
  readonly message: string;
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/**
 * Whether a stream has been silent up to a time (of its next event, or of a watermark) for longer than it ever is while its market
 * is open. Event time alone decides.
 */
export function silenceOf(
  stream: StreamState,
  untilNs: bigint,
  { rules, calendar }: InstrumentSettings,
): Silence | undefined {
  const { prices, timeNs: fromNs } = stream;
  const rule = rules.rule(STALE_FEED);
  if (rule.action === 'off' || calendar === undefined || prices === undefined) return undefined;
  if (!prices.isWarm || prices.isSilent) return undefined;
  const limitS = Math.max(rule.number('seconds'), rule.number('times') * prices.longGapS);
  // Cheap first: hardly any gap is that long, whatever the market did meanwhile.
  if (Number(untilNs - fromNs) <= limitS * NS_PER_SECOND) return undefined;
  const open = calendar.openNsBetween(fromNs, untilNs);
  if (!open.ok || Number(open.value) <= limitS * NS_PER_SECOND) return undefined;
  const minutes = Math.round(Number(open.value) / NS_PER_SECOND / 60);
  return {
    message: `nothing between ${formatNs(fromNs)} and ${formatNs(untilNs)}: ${minutes} minutes of open market (calendar ${calendar.id}), 19 of 20 pauses are below ${prices.longGapS.toPrecision(3)} s`,
    fromNs,
    toNs: untilNs,
  };
}

export function staleFeed<C>(time: Kind<C>['timeNs']): MarketRule<C> {
  return {
    ...infoOf(
      STALE_FEED,
      'Nothing came of a stream for so much time of open market, by event time: told by the watermark that shows it, or else by the event that ends it. Not asked where the instrument map names no calendar.',
    ),
    prepare: (rule) => {
      const leastS = rule.number('seconds');
      return {
        broken: ({ move, columns, index, stream, batch }) =>
          move.gapS > leastS && silenceOf(stream, time(columns, index), batch.settings) !== undefined,
        explain: ({ columns, index, stream, batch }) =>
          silenceOf(stream, time(columns, index), batch.settings)?.message ?? '',
      };
    },
  };
}

/** Only of sources whose numbers are said to go up by one per instrument: of others a missing number says nothing. */
export function sequenceGap<C>(seq: (columns: C, index: number) => bigint): MarketRule<C> {
  return {
    ...infoOf(
      SEQUENCE_GAP,
      'Sequence number is more than one above that of the event accepted before it in the stream: events are missing. Asked only of the sources that a document of kind `validation` names, whose numbers go up by one per instrument.',
    ),
    prepare: ({ sources }) => ({
      broken: ({ columns, index, stream, batch }) =>
        sources.has(batch.source) && stream.hasLast && seq(columns, index) > stream.seq + 1n,
      explain: ({ columns, index, stream }) =>
        `seq ${seq(columns, index)} follows ${stream.seq}: ${seq(columns, index) - stream.seq - 1n} events are missing`,
    }),
  };
}
