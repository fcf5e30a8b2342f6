/** One client after its handshake: what it has asked for and what it is told. */
import type { HistoryPacing } from './pacing/judge.ts';
import type { Gateway } from './gateway.ts';
import { decodeRequest } from './wire/decode-request.ts';
import { encodeFrame, type Message } from './wire/frame.ts';
import { errorMessage } from './wire/messages/session.ts';
import type { Request } from './wire/requests.ts';

/** Ids live in spaces of their own: TWS takes a historical request 1 beside a market-data request 1. */
export type Family =
  | 'contractDetails'
  | 'historical'
  | 'headTimestamp'
  | 'marketData'
  | 'realTimeBars'
  | 'tickByTick'
  | 'fundamental'
  | 'accountSummary'
  | 'accountUpdatesMulti'
  | 'positionsMulti'
  | 'positions'
  | 'accountUpdates'
  | 'pnl'
  | 'pnlSingle';

/** Something under way. */
interface Activity {
  /** Of live data, the instrument; else 0. */
  readonly conId: number;
  readonly stops: (() => void)[];
}

export interface SessionOptions {
  readonly gateway: Gateway;
  readonly version: number;
  readonly clientId: number;
  readonly pacing: HistoryPacing;
  readonly transmit: (frame: Buffer) => void;
  /** Answers a request of the session. */
  readonly serve: (session: Session, request: Request) => void;
}

const MAX_ACTIVITIES = 1000;

export class Session {
  readonly gateway: Gateway;
  readonly version: number;
  readonly clientId: number;
  readonly pacing: HistoryPacing;
  /** What reqMarketDataType chose: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen. */
  marketDataType = 1;
  readonly #transmit: (frame: Buffer) => void;
  readonly #serve: (session: Session, request: Request) => void;
  readonly #activities = new Map<Family, Map<number, Activity>>();
  readonly #closers: (() => void)[] = [];
  #ended = false;

  constructor(options: SessionOptions) {
    this.gateway = options.gateway;
    this.version = options.version;
    this.clientId = options.clientId;
    this.pacing = options.pacing;
    this.#transmit = options.transmit;
    this.#serve = options.serve;
  }

  /** 1 live, 2 frozen, 3 delayed, 4 delayed and frozen; it counts for later market-data requests. */
  chooseMarketDataType(type: number): void {
    if (type >= 1 && type <= 4) this.marketDataType = type;
    else
      this.error(-1, 321, `Error validating request:-'bN' : cause - market data type ${type} is not 1 to 4`);
  }

  /** A frame of the client. */
  receive(fields: readonly string[]): void {
    const decoded = decodeRequest(fields);
    if (!decoded.ok) {
      this.gateway.stats.request('unreadable');
      this.error(decoded.error.reqId, decoded.error.code, decoded.error.text);
      return;
    }
    this.gateway.stats.request(decoded.value.kind);
    this.#begin(decoded.value);
  }

  send(message: Message): void {
    if (this.#ended) return;
    this.gateway.stats.messagesSent += 1;
    this.#transmit(encodeFrame(message));
  }

  /** `reqId` -1: a notice. */
  error(reqId: number, code: number, text: string): void {
    this.gateway.stats.errorSent(code);
    this.send(errorMessage(this.version, reqId, code, text));
  }

  /** Takes an id; false when it is in use, which the client has then been told. */
  begin(family: Family, reqId: number, conId = 0): boolean {
    const group = this.#group(family);
    if (group.has(reqId)) {
      this.error(reqId, 322, `Error processing request:-'bN' : cause - Duplicate ticker id`);
      return false;
    }
    if (group.size >= MAX_ACTIVITIES) {
      this.error(
        reqId,
        322,
        `Error processing request:-'bN' : cause - more than ${MAX_ACTIVITIES} requests under way`,
      );
      return false;
    }
    group.set(reqId, { conId, stops: [] });
    return true;
  }

  isActive(family: Family, reqId: number): boolean {
    return this.#group(family).has(reqId);
  }

  activeCount(family: Family): number {
    return this.#group(family).size;
  }

  /** Called when the activity ends, however it does; at once if it has. */
  onEnd(family: Family, reqId: number, stop: () => void): void {
    const activity = this.#group(family).get(reqId);
    if (activity === undefined) stop();
    else activity.stops.push(stop);
  }

  /** False: there was none. */
  end(family: Family, reqId: number): boolean {
    const activity = this.#group(family).get(reqId);
    if (activity === undefined) return false;
    this.#group(family).delete(reqId);
    for (const stop of activity.stops) stop();
    return true;
  }

  /** Ids of live subscriptions, of one instrument or of all. */
  liveIds(conIds?: ReadonlySet<number>): readonly number[] {
    const families: readonly Family[] = ['marketData', 'realTimeBars', 'tickByTick'];
    return families.flatMap((family) =>
      [...this.#group(family)].filter(([, { conId }]) => conIds?.has(conId) ?? true).map(([reqId]) => reqId),
    );
  }

  /** Forgets live subscriptions without a word: what 1101 means. */
  dropLive(): void {
    const families: readonly Family[] = ['marketData', 'realTimeBars', 'tickByTick', 'historical'];
    for (const family of families)
      for (const reqId of [...this.#group(family).keys()]) this.end(family, reqId);
  }

  onClose(stop: () => void): void {
    this.#closers.push(stop);
  }

  close(): void {
    this.#ended = true;
    for (const stop of this.#closers) stop();
    for (const [family, group] of this.#activities)
      for (const reqId of [...group.keys()]) this.end(family, reqId);
  }

  #begin(request: Request): void {
    const { clock, conditions } = this.gateway;
    const delayMs = conditions.delayMs(request.kind);
    if (delayMs === 0) this.#serve(this, request);
    else
      clock.after(delayMs, () => {
        if (!this.#ended) this.#serve(this, request);
      });
  }

  #group(family: Family): Map<number, Activity> {
    let group = this.#activities.get(family);
    if (group === undefined) {
      group = new Map();
      this.#activities.set(family, group);
    }
    return group;
  }
}
