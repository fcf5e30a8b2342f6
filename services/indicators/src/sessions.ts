import { barSessionDate, calendar, type Calendar } from '@tickwell/calendar';
import { parseInterval } from '@tickwell/domain';
import type { Sessions } from '@tickwell/indicators';

/** Sessions by the calendars of instruments; equal ones are one object. */
export class SessionBook {
  readonly #calendarOf: (symbol: string) => string;
  readonly #known = new Map<string, Sessions | undefined>();

  /** @param calendarOf "" where the instrument has none. */
  constructor(calendarOf: (symbol: string) => string) {
    this.#calendarOf = calendarOf;
  }

  /** Undefined: the instrument has no calendar, or one that does not exist. */
  of(symbol: string, interval: string): Sessions | undefined {
    const id = this.#calendarOf(symbol);
    if (id === '') return undefined;
    const key = `${id} ${interval}`;
    if (!this.#known.has(key)) this.#known.set(key, sessionsOf(id, interval));
    return this.#known.get(key);
  }
}

function sessionsOf(id: string, interval: string): Sessions | undefined {
  const found = calendar(id);
  return found.ok ? { calendar: id, dateOf: dates(found.value, interval) } : undefined;
}

function dates(own: Calendar, interval: string): Sessions['dateOf'] {
  const parsed = parseInterval(interval);
  return (startNs) => {
    const date = parsed.ok ? barSessionDate(own, parsed.value, startNs) : own.tradeDateOf(startNs);
    return date.ok ? date.value : undefined;
  };
}
