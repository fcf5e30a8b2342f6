import type { Calendar } from '@tickwell/calendar';
import type { SessionDate } from '@tickwell/calendar';

const NS_PER_MINUTE = 60_000_000_000n;

/**
 * When trades are usual: the sessions of a calendar with their breaks, and some time before and after. What the calendar does not cover
 * counts as usual. Remembers the stretch around the last question, in which the answer is the same.
 */
export class SessionHours {
  readonly #calendar: Calendar;
  readonly #beforeNs: bigint;
  readonly #afterNs: bigint;
  #nearFromNs = 0n;
  #nearToNs = 0n;
  #nearIsUsual = true;

  constructor(calendar: Calendar, minutes: { readonly before: number; readonly after: number }) {
    this.#calendar = calendar;
    this.#beforeNs = BigInt(Math.round(minutes.before)) * NS_PER_MINUTE;
    this.#afterNs = BigInt(Math.round(minutes.after)) * NS_PER_MINUTE;
  }

  get calendarId(): string {
    return this.#calendar.id;
  }

  isUsual(timeNs: bigint): boolean {
    if (timeNs < this.#nearFromNs || timeNs >= this.#nearToNs) this.#look(timeNs);
    return this.#nearIsUsual;
  }

  isSession(date: SessionDate): boolean {
    const found = this.#calendar.isSession(date);
    return !found.ok || found.value;
  }

  #look(timeNs: bigint): void {
    const session = this.#calendar.sessionAt(timeNs);
    if (!session.ok) this.#remember(timeNs, timeNs + 1n, true);
    else if (session.value !== undefined)
      this.#remember(session.value.openNs - this.#beforeNs, session.value.closeNs + this.#afterNs, true);
    else this.#lookBetween(timeNs);
  }

  #lookBetween(timeNs: bigint): void {
    const before = this.#calendar.previousClose(timeNs);
    const next = this.#calendar.nextOpen(timeNs);
    const quietNs = before.ok ? before.value + this.#afterNs : timeNs;
    const loudNs = next.ok ? next.value - this.#beforeNs : timeNs + 1n;
    if (timeNs < quietNs) this.#remember(timeNs, quietNs, true);
    else if (timeNs >= loudNs) this.#remember(loudNs, next.ok ? next.value : timeNs + 1n, true);
    else this.#remember(quietNs, loudNs, false);
  }

  #remember(fromNs: bigint, toNs: bigint, isUsual: boolean): void {
    this.#nearFromNs = fromNs;
    this.#nearToNs = toNs;
    this.#nearIsUsual = isUsual;
  }
}
