import { formatNs } from '@tickwell/domain';
import type { EventRule, Kind } from '../rule.ts';
import { createStream, sameValues, type StreamState } from '../stream-state.ts';

/** How a kind orders and compares its events. */
export interface OrderedEvents<C> {
  readonly time: Kind<C>['timeNs'];
  /** 0n where events have no sequence number. */
  readonly seq: (columns: C, index: number) => bigint;
  readonly remember: Kind<C>['remember'];
}

/**
 * Order within a stream, and what equals the event before. Streams are ordered by (time, seq); what shares both with the last
 * accepted event is the same event again, or contradicts it. Equal values under another seq are separate events: two prints of
 * the same trade size and price within a millisecond are common.
 */
export function ordered<C>(
  events: OrderedEvents<C>,
  numbered: boolean,
): Pick<Kind<C>, 'timeNs' | 'remember' | 'orderRules' | 'isNext'> {
  const rules = [timeOrder(events), duplicate(events), duplicateConflict(events)];
  return {
    timeNs: events.time,
    remember: events.remember,
    orderRules: numbered ? [...rules, sequenceOrder(events)] : rules,
    isNext: (columns, index, stream) => {
      const timeNs = events.time(columns, index);
      if (timeNs > stream.timeNs || !stream.hasLast) return true;
      return timeNs === stream.timeNs && events.seq(columns, index) > stream.seq;
    },
  };
}

function timeOrder<C>(events: OrderedEvents<C>): EventRule<C> {
  return {
    id: 'time-order',
    severity: 'reject',
    description: 'Event time is before that of the event accepted before it in the same stream.',
    parameters: {},
    broken: (columns, index, stream) => stream.hasLast && events.time(columns, index) < stream.timeNs,
    explain: (columns, index, stream) =>
      `time ${formatNs(events.time(columns, index))} goes back behind ${formatNs(stream.timeNs)}`,
  };
}

function sequenceOrder<C>(events: OrderedEvents<C>): EventRule<C> {
  return {
    id: 'sequence-order',
    severity: 'reject',
    description:
      'Sequence number is below that of the event of equal time accepted before it in the same stream.',
    parameters: {},
    broken: (columns, index, stream) =>
      stream.hasLast &&
      events.time(columns, index) === stream.timeNs &&
      events.seq(columns, index) < stream.seq,
    explain: (columns, index, stream) =>
      `seq ${events.seq(columns, index)} goes back behind ${stream.seq} at equal time`,
  };
}

function duplicate<C>(events: OrderedEvents<C>): EventRule<C> {
  return {
    id: 'duplicate',
    severity: 'duplicate',
    description:
      'Identity (time and seq, or the start of the bar) and every value equal those of the event accepted before it: counted, not stored twice.',
    parameters: {},
    broken: (columns, index, stream) =>
      sameIdentity(events, columns, index, stream) && equalsLast(events, columns, index, stream),
    explain: () => 'equals the event before it',
  };
}

function duplicateConflict<C>(events: OrderedEvents<C>): EventRule<C> {
  return {
    id: 'duplicate-conflict',
    severity: 'reject',
    description:
      'Identity (time and seq, or the start of the bar) is that of the event accepted before it, values differ.',
    parameters: {},
    broken: (columns, index, stream) => sameIdentity(events, columns, index, stream),
    explain: (columns, index, stream) =>
      `values ${values(recall(events, columns, index))} contradict ${values(stream)}, accepted before under the same identity`,
  };
}

function sameIdentity<C>(events: OrderedEvents<C>, columns: C, index: number, stream: StreamState): boolean {
  return (
    stream.hasLast &&
    events.time(columns, index) === stream.timeNs &&
    events.seq(columns, index) === stream.seq
  );
}

function equalsLast<C>(events: OrderedEvents<C>, columns: C, index: number, stream: StreamState): boolean {
  return sameValues(recall(events, columns, index), stream);
}

function recall<C>(events: OrderedEvents<C>, columns: C, index: number): StreamState {
  const scratch = createStream();
  events.remember(columns, index, scratch);
  return scratch;
}

function values(stream: StreamState): string {
  const texts = stream.texts.filter((text) => text !== '').map((text) => text.slice(0, 40));
  return `(${[...stream.numbers, ...texts].join(', ')})`;
}
