import type { AlertEvent } from './model.ts';

/** An alert that is not over, or whose end still has to be told. */
export interface OpenAlert {
  readonly rule: string;
  readonly group: string;
  /** `recovered`: it is over, and those who were told of it are not told that yet. */
  readonly phase: 'pending' | 'firing' | 'recovered';
  /** Since when the condition has held; names the episode. */
  readonly sinceNs: bigint;
  readonly firedNs: bigint | undefined;
  /** When it was last told that it fires; undefined: held back so far. */
  readonly toldNs: bigint | undefined;
  /** Who was told last. */
  readonly channels: readonly string[];
  /** Why it is held back; "" where it is not. */
  readonly held: string;
  /** How many events this episode has. */
  readonly events: number;
  readonly last: AlertEvent;
}

/** A message that one channel has not taken yet. */
export interface OwedMessage {
  readonly event: AlertEvent;
  readonly channel: string;
  readonly about: 'firing' | 'repeat' | 'recovered';
  /** Attempts that failed. */
  readonly attempts: number;
  /** When and why the last one failed; 0n and "" where there was none. */
  readonly failedNs: bigint;
  readonly failure: string;
}

/** Of one alert among all. */
export function alertKey({ rule, group }: { readonly rule: string; readonly group: string }): string {
  return JSON.stringify([rule, group]);
}

function owedKey(eventId: string, channel: string): string {
  return JSON.stringify([eventId, channel]);
}

/**
 * What the events in `alerts` add up to: the open alerts and the messages that are owed. A pure function of the events in their order: one that is
 * not of the newest owner, was there before, or does not fit the state counts nothing, for every reader alike. So a copy that was paused and writes
 * late changes nothing, and neither does a record that the log holds twice.
 */
export class AlertLedger {
  readonly #open = new Map<string, OpenAlert>();
  readonly #owed = new Map<string, OwedMessage>();
  #owner = '';

  /** Whether the event counts. */
  apply(event: AlertEvent): boolean {
    if (event.kind === 'owned') {
      this.#owner = event.owner;
      return true;
    }
    if (event.owner !== this.#owner) return false;
    switch (event.kind) {
      case 'delivered':
      case 'given-up':
        return this.#owed.delete(owedKey(event.ofEventId, event.channel));
      case 'delivery-failed':
        return this.#failed(event);
      default:
        return this.#transition(event);
    }
  }

  get owner(): string {
    return this.#owner;
  }

  /** In the order in which they began. */
  get open(): Iterable<OpenAlert> {
    return this.#open.values();
  }

  get(alert: { readonly rule: string; readonly group: string }): OpenAlert | undefined {
    return this.#open.get(alertKey(alert));
  }

  /** Oldest first. */
  get owed(): Iterable<OwedMessage> {
    return this.#owed.values();
  }

  #failed({ ofEventId, channel, attempt, timeNs, reason }: AlertEvent): boolean {
    const key = owedKey(ofEventId, channel);
    const owed = this.#owed.get(key);
    if (owed?.attempts !== attempt - 1) return false;
    this.#owed.set(key, { ...owed, attempts: attempt, failedNs: timeNs, failure: reason });
    return true;
  }

  #transition(event: AlertEvent): boolean {
    const open = this.get(event);
    if (event.eventId !== nextEventId(event, event.kind, event.sinceNs, open)) return false;
    const next = successor(open, event);
    if (next === undefined) return false;
    this.#open.delete(alertKey(event));
    if (next !== 'over') this.#open.set(alertKey(event), next);
    const isRecovery = event.kind === 'recovered' || open?.phase === 'recovered';
    const about = isRecovery ? 'recovered' : event.kind === 'repeated' ? 'repeat' : 'firing';
    for (const channel of event.channels) {
      const owed = { event, channel, about, attempts: 0, failedNs: 0n, failure: '' } as const;
      this.#owed.set(owedKey(event.eventId, channel), owed);
    }
    return true;
  }
}

/** The id that an event must have to count: of the episode, and in it the next one. */
export function nextEventId(
  { rule, group }: { readonly rule: string; readonly group: string },
  kind: AlertEvent['kind'],
  sinceNs: bigint,
  open: OpenAlert | undefined,
): string {
  const events = open === undefined ? 0 : open.events;
  return [rule, group, sinceNs, events, kind].join('|');
}

/** What an alert becomes; undefined: the event does not fit it. */
function successor(open: OpenAlert | undefined, event: AlertEvent): OpenAlert | 'over' | undefined {
  if (open === undefined) {
    if (event.kind !== 'pending' && event.kind !== 'fired') return undefined;
  } else if (event.sinceNs !== open.sinceNs) return undefined;
  const isTold = event.channels.length > 0;
  const next = {
    ...{ rule: event.rule, group: event.group, sinceNs: event.sinceNs },
    phase: open?.phase ?? 'pending',
    firedNs: open?.firedNs,
    toldNs: open?.toldNs,
    channels: open?.channels ?? [],
    held: open?.held ?? '',
    events: (open?.events ?? 0) + 1,
    last: event,
  };
  const told = isTold ? { toldNs: event.timeNs, channels: event.channels, held: '' } : {};
  switch (event.kind) {
    case 'pending':
      return open === undefined ? next : undefined;
    case 'cleared':
      return open?.phase === 'pending' ? 'over' : undefined;
    case 'fired':
      if (open?.phase === 'firing') return undefined;
      return {
        ...next,
        phase: 'firing',
        firedNs: open?.firedNs ?? event.timeNs,
        held: event.reason,
        ...told,
      };
    case 'repeated':
      return open?.phase === 'firing' ? { ...next, ...told } : undefined;
    case 'released':
      if (open?.phase === 'recovered') return 'over';
      return open?.phase === 'firing' ? { ...next, ...told } : undefined;
    case 'recovered':
      if (open?.phase !== 'firing') return undefined;
      // Whoever was told that it fires is owed the end.
      return isTold || open.toldNs === undefined
        ? 'over'
        : { ...next, phase: 'recovered', held: event.reason };
    case 'continues':
      return open === undefined ? undefined : next;
    default:
      return undefined;
  }
}
