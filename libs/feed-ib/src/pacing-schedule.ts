import type { PacingLimits } from './pacing-limits.ts';

/** `control` (heartbeats, cancellations) only counts as a message; `live` goes first; `backfill` gets what is left, and its share. */
export type Lane = 'control' | 'live' | 'backfill';

/** One message to the Gateway, as far as its limits are concerned. */
export interface PacedRequest {
  readonly lane: Lane;
  /** Requests are shared out fairly among instruments. */
  readonly instrument: string;
  /** Which limit on history counts it; "none": only that on messages. */
  readonly history: 'none' | 'small' | 'large';
  /** 2 for BID_ASK; 1. */
  readonly weight: number;
  /** Contract and all parameters; "" where it may be repeated at once. */
  readonly identity: string;
  /** Contract, exchange and what to show; "" where none applies. */
  readonly group: string;
}

export interface Ticket extends PacedRequest {
  readonly id: number;
}

/** Of so many contested starts one goes to backfill, so that live needs cannot starve it. */
const BACKFILL_SHARE = 5;
const MAX_REMEMBERED = 10_000;

/**
 * Requests in a sliding window, by weight. A request counts from its start, and its time in the window begins with its end: when it
 * reached IB is not known, but that was before the answer came, so however late it got there, the next is late enough.
 */
class SlidingWindow {
  readonly #limit: number;
  readonly #lengthMs: number;
  readonly #open = new Map<number, number>();
  readonly #over: { readonly atMs: number; readonly weight: number }[] = [];
  #weight = 0;

  constructor(limit: number, lengthMs: number) {
    this.#limit = limit;
    this.#lengthMs = lengthMs;
  }

  /** When so much more fits, at the earliest `nowMs`; Infinity: not before something ends. */
  freeAtMs(weight: number, nowMs: number): number {
    this.#forget(nowMs);
    let excess = this.#weight + weight - this.#limit;
    if (excess <= 0) return nowMs;
    for (const entry of this.#over) {
      excess -= entry.weight;
      if (excess <= 0) return entry.atMs + this.#lengthMs;
    }
    return Number.POSITIVE_INFINITY;
  }

  start(id: number, weight: number): void {
    this.#open.set(id, weight);
    this.#weight += weight;
  }

  finish(id: number, nowMs: number): void {
    const weight = this.#open.get(id);
    if (weight === undefined) return;
    this.#open.delete(id);
    this.#over.push({ atMs: nowMs, weight });
  }

  isEmpty(nowMs: number): boolean {
    this.#forget(nowMs);
    return this.#weight === 0;
  }

  #forget(nowMs: number): void {
    let stale = 0;
    for (const entry of this.#over) {
      if (entry.atMs + this.#lengthMs > nowMs) break;
      stale++;
      this.#weight -= entry.weight;
    }
    if (stale > 0) this.#over.splice(0, stale);
  }
}

/** Waiting requests of one lane, by instrument in turns. */
class LaneQueue {
  readonly #queues = new Map<string, Ticket[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(ticket: Ticket): void {
    const queue = this.#queues.get(ticket.instrument);
    if (queue === undefined) this.#queues.set(ticket.instrument, [ticket]);
    else queue.push(ticket);
    this.#size++;
  }

  /** The heads of all instruments, the one served longest ago first. */
  *heads(): Generator<Ticket> {
    for (const queue of this.#queues.values()) {
      const head = queue[0];
      if (head !== undefined) yield head;
    }
  }

  /** Takes the head of an instrument, whose next turn is after all others. */
  shift(ticket: Ticket): void {
    const queue = this.#queues.get(ticket.instrument);
    if (queue?.[0] !== ticket) throw new RangeError(`ticket ${ticket.id} is not at the head of its queue`);
    queue.shift();
    this.#queues.delete(ticket.instrument);
    if (queue.length > 0) this.#queues.set(ticket.instrument, queue);
    this.#size--;
  }

  remove(id: number): boolean {
    for (const [instrument, queue] of this.#queues) {
      const at = queue.findIndex((ticket) => ticket.id === id);
      if (at < 0) continue;
      queue.splice(at, 1);
      if (queue.length === 0) this.#queues.delete(instrument);
      this.#size--;
      return true;
    }
    return false;
  }
}

/**
 * Decides which waiting request may start when, so that none of IB's limits is ever exceeded. Pure: time is what the caller says it
 * is, and must not go back. One schedule serves all connections of one account; it survives them, as the limits do.
 */
export class PacingSchedule {
  readonly #limits: PacingLimits;
  readonly #messages: SlidingWindow;
  readonly #small: SlidingWindow;
  readonly #large: SlidingWindow;
  readonly #groups = new Map<string, SlidingWindow>();
  readonly #identities = new Map<string, number>();
  readonly #lanes = { control: new LaneQueue(), live: new LaneQueue(), backfill: new LaneQueue() };
  readonly #open = new Map<number, Ticket>();
  #nextId = 1;
  #liveInARow = 0;
  #closedUntilMs = 0;
  #backoffMs: number;

  constructor(limits: PacingLimits) {
    const { marginMs } = limits;
    this.#limits = limits;
    this.#messages = new SlidingWindow(limits.messagesPerSecond, 1000 + marginMs);
    this.#small = new SlidingWindow(limits.history.weight, limits.history.windowMs + marginMs);
    const { largeBars } = limits;
    this.#large =
      largeBars === 'shared'
        ? this.#small
        : new SlidingWindow(largeBars.weight, largeBars.windowMs + marginMs);
    this.#backoffMs = limits.backoffMs;
  }

  get waiting(): number {
    return this.#lanes.control.size + this.#lanes.live.size + this.#lanes.backfill.size;
  }

  submit(request: PacedRequest): Ticket {
    const ticket: Ticket = { ...request, id: this.#nextId++ };
    this.#lanes[request.lane].push(ticket);
    return ticket;
  }

  /** False when it is not waiting any more. */
  withdraw(id: number): boolean {
    return Object.values(this.#lanes).some((lane) => lane.remove(id));
  }

  /** The answer came, or never will. */
  finish(id: number, nowMs: number): void {
    const ticket = this.#open.get(id);
    if (ticket === undefined) return;
    this.#open.delete(id);
    const { identity, group } = ticket;
    this.#windowOf(ticket)?.finish(id, nowMs);
    this.#groups.get(group)?.finish(id, nowMs);
    const { identicalMs, marginMs } = this.#limits;
    if (identity !== '') this.#identities.set(identity, nowMs + identicalMs + marginMs);
  }

  /** IB said that it was too much: nothing historical for a while, each time longer. */
  penalize(nowMs: number): void {
    this.#closedUntilMs = Math.max(this.#closedUntilMs, nowMs + this.#backoffMs);
    this.#backoffMs = Math.min(this.#backoffMs * 2, this.#limits.history.windowMs);
  }

  /** A historical answer came: the next pacing answer is a new matter. */
  relax(): void {
    this.#backoffMs = this.#limits.backoffMs;
  }

  /** Starts what may start now, and says when to ask again; undefined: once something is submitted or finished. */
  poll(nowMs: number): { readonly started: readonly Ticket[]; readonly againAtMs: number | undefined } {
    const started: Ticket[] = [];
    for (;;) {
      const choice = this.#choose(nowMs);
      if (choice === undefined || typeof choice === 'number') return { started, againAtMs: choice };
      this.#start(choice, nowMs);
      started.push(choice);
    }
  }

  /** A request that may start, or the earliest time at which one may. */
  #choose(nowMs: number): Ticket | number | undefined {
    const { control, live, backfill } = this.#lanes;
    const isBackfillsTurn = this.#liveInARow >= BACKFILL_SHARE - 1;
    const order = isBackfillsTurn ? [control, backfill, live] : [control, live, backfill];
    const reserved = new Set<SlidingWindow>();
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const lane of order) {
      for (const ticket of lane.heads()) {
        const window = this.#windowOf(ticket);
        const sharedMs = this.#sharedFreeAtMs(ticket, nowMs);
        const ownMs = this.#ownFreeAtMs(ticket, nowMs);
        const isReserved = window !== undefined && reserved.has(window);
        // What has to leave the budget to another could start now, and must not be waited for: that would be to wait in a circle.
        if (!isReserved) earliestMs = Math.min(earliestMs, Math.max(sharedMs, ownMs));
        if (sharedMs <= nowMs && ownMs <= nowMs && !isReserved) return ticket;
        // What waits for the shared budget alone must not lose it to lighter requests behind it.
        if (sharedMs > nowMs && ownMs <= nowMs && window !== undefined) reserved.add(window);
      }
    }
    return Number.isFinite(earliestMs) ? earliestMs : undefined;
  }

  #windowOf({ history }: Ticket): SlidingWindow | undefined {
    if (history === 'none') return undefined;
    return history === 'small' ? this.#small : this.#large;
  }

  #sharedFreeAtMs(ticket: Ticket, nowMs: number): number {
    const messageMs = this.#messages.freeAtMs(1, nowMs);
    const window = this.#windowOf(ticket);
    if (window === undefined) return messageMs;
    if (this.#open.size >= this.#limits.openRequests) return Number.POSITIVE_INFINITY;
    return Math.max(messageMs, window.freeAtMs(ticket.weight, nowMs), this.#closedUntilMs);
  }

  #ownFreeAtMs({ history, identity, group, weight }: Ticket, nowMs: number): number {
    if (history === 'none') return nowMs;
    const identicalMs = this.#identities.get(identity) ?? nowMs;
    const groupMs = this.#groups.get(group)?.freeAtMs(weight, nowMs) ?? nowMs;
    return Math.max(identicalMs, groupMs);
  }

  #start(ticket: Ticket, nowMs: number): void {
    const { lane, identity, group, weight, id } = ticket;
    this.#lanes[lane].shift(ticket);
    this.#messages.start(id, 1);
    this.#messages.finish(id, nowMs);
    if (lane === 'live') this.#liveInARow = this.#lanes.backfill.size > 0 ? this.#liveInARow + 1 : 0;
    if (lane === 'backfill') this.#liveInARow = 0;
    const history = this.#windowOf(ticket);
    if (history === undefined) return;
    history.start(id, weight);
    this.#open.set(id, ticket);
    this.#forget(nowMs);
    if (identity !== '') this.#identities.set(identity, Number.POSITIVE_INFINITY);
    if (group === '') return;
    const { sameContract, marginMs } = this.#limits;
    let window = this.#groups.get(group);
    if (window === undefined) {
      window = new SlidingWindow(sameContract.weight, sameContract.windowMs + marginMs);
      this.#groups.set(group, window);
    }
    window.start(id, weight);
  }

  /** Drops what limits nothing any more; the windows on history bound what is left. */
  #forget(nowMs: number): void {
    if (this.#identities.size + this.#groups.size < MAX_REMEMBERED / 100) return;
    for (const [identity, freeMs] of this.#identities) if (freeMs <= nowMs) this.#identities.delete(identity);
    for (const [group, window] of this.#groups) if (window.isEmpty(nowMs)) this.#groups.delete(group);
  }
}
