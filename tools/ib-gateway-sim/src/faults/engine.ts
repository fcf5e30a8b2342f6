/** Makes faults happen at their simulated time. */
import type { Scheduled, SimClock } from '../clock.ts';
import type { Connection } from '../connection.ts';
import type { Directory } from '../directory.ts';
import type { Instrument } from '../market/market.ts';
import type { Stats } from '../stats.ts';
import { DAY_MS } from '../time/bar-sizes.ts';
import { dateText, knownZone, midnightMs } from '../time/ib-time.ts';
import { encodeFrame } from '../wire/frame.ts';
import type { Conditions, Denial, Farm } from './conditions.ts';
import type { Fault, Timing } from './fault.ts';
import { FARM_DOWN, FARM_UP, NOTICE_TEXTS } from './notices.ts';

export interface FaultWorld {
  readonly clock: SimClock;
  readonly conditions: Conditions;
  readonly directory: Directory;
  readonly stats: Stats;
  readonly connections: () => Iterable<Connection>;
  readonly log: (line: string) => void;
}

/** A frame that would be an ordinary notice: half of it is as long as a half needs to be. */
const HALF = encodeFrame([4, 2, -1, 2104, 'Market data farm connection is OK:usfarm', '']);
const NO_MESSAGE = encodeFrame(['?garbage?', 'x', '']);
const NO_LENGTH = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x00, 0x13, 0x37, 0x00]);

/** Takes back what a fault did. */
type Undo = () => void;

export class FaultEngine {
  readonly #world: FaultWorld;
  /** Client ids that are in use elsewhere. */
  readonly #takenIds = new Map<number, number>();

  constructor(world: FaultWorld) {
    this.#world = world;
  }

  isClientIdTaken(clientId: number): boolean {
    return (this.#takenIds.get(clientId) ?? 0) > 0;
  }

  /**
   * Schedules a fault. The answer ends it: what has begun is taken back, what has not does not happen.
   *
   * @throws RangeError for an instrument that the market does not have.
   */
  inject(fault: Fault): Undo {
    if ('instrument' in fault.what) this.#instruments(fault.what.instrument);
    const scheduled = new Set<Scheduled>();
    const undone = new Set<Undo>();
    const run = (): void => {
      this.#world.stats.faultsInjected += 1;
      this.#world.log(`fault: ${describe(fault)}`);
      const undo = this.#begin(fault.what);
      undone.add(undo);
      if (fault.forMs === undefined) return;
      scheduled.add(
        this.#world.clock.after(fault.forMs, () => {
          if (undone.delete(undo)) undo();
        }),
      );
    };
    this.#schedule(fault.when, run, scheduled);
    return () => {
      for (const timer of scheduled) timer.cancel();
      for (const undo of undone) undo();
      undone.clear();
    };
  }

  #schedule(when: Timing, run: () => void, scheduled: Set<Scheduled>): void {
    const { clock } = this.#world;
    if (when.name === 'now') run();
    else if (when.name === 'at') scheduled.add(clock.at(Math.max(when.atMs, clock.nowMs()), run));
    else {
      const again = (afterMs: number): void => {
        const timer = clock.at(nextOfDay(when, afterMs), () => {
          scheduled.delete(timer);
          run();
          again(clock.nowMs());
        });
        scheduled.add(timer);
      };
      again(clock.nowMs());
    }
  }

  #begin(what: Fault['what']): Undo {
    const { conditions } = this.#world;
    switch (what.kind) {
      case 'notice':
        this.#notify(what.code, what.text ?? NOTICE_TEXTS[what.code] ?? 'Notice');
        return nothing;
      case 'connectivityLost':
        return this.#loseConnectivity(what.notice ?? 1100, what.restored ?? 1102);
      case 'farmDown':
        return this.#breakFarm(what.farm);
      case 'restart':
        return this.#restart();
      case 'clientIdInUse':
        return this.#takeClientId(what.clientId);
      case 'slow':
        return conditions.slow({ delayMs: what.delayMs, requests: new Set(what.requests) });
      case 'hole': {
        const conIds = new Set(this.#instruments(what.instrument).map(({ conId }) => conId));
        return conditions.hole({ conIds, span: { fromMs: what.fromMs, toMs: what.toMs } });
      }
      case 'noPermission':
        return this.#deny(what.instrument, { code: what.code ?? 354, delayed: what.delayed ?? false });
      case 'pacingStorm':
        return conditions.storm();
      default:
        return this.#toClients(what);
    }
  }

  #toClients(what: Extract<Fault['what'], { kind: 'silent' | 'cut' | 'garbage' | 'halfFrame' }>): Undo {
    const connections = this.#connectionsOf(what.clientId);
    for (const connection of connections) {
      switch (what.kind) {
        case 'silent':
          connection.silence(true);
          break;
        case 'cut':
          connection.cut('fault', what.midFrame === true ? { midFrame: HALF } : {});
          break;
        case 'garbage':
          connection.garble(what.style === 'length' ? NO_LENGTH : NO_MESSAGE);
          break;
        case 'halfFrame':
          connection.garble(HALF.subarray(0, HALF.length >> 1));
          connection.silence(true);
      }
    }
    return () => {
      if (what.kind === 'silent') for (const connection of connections) connection.silence(false);
    };
  }

  #loseConnectivity(notice: 1100 | 2110, restored: 1101 | 1102): Undo {
    this.#notify(notice, NOTICE_TEXTS[notice]);
    const undo = this.#world.conditions.loseConnectivity();
    return () => {
      undo();
      if (restored === 1101) for (const { session } of this.#connectionsOf(undefined)) session?.dropLive();
      this.#notify(restored, NOTICE_TEXTS[restored]);
      for (const [code, text] of Object.values(FARM_UP)) this.#notify(code, text);
    };
  }

  #breakFarm(farm: Farm): Undo {
    this.#notify(...FARM_DOWN[farm]);
    const undo = this.#world.conditions.breakFarm(farm);
    return () => {
      undo();
      this.#notify(...FARM_UP[farm]);
    };
  }

  #restart(): Undo {
    this.#notify(1100, NOTICE_TEXTS[1100]);
    const undo = this.#world.conditions.refuse();
    for (const connection of [...this.#world.connections()])
      connection.cut('gateway restart', { flush: true });
    return undo;
  }

  #takeClientId(clientId: number): Undo {
    this.#takenIds.set(clientId, (this.#takenIds.get(clientId) ?? 0) + 1);
    return () => this.#takenIds.set(clientId, (this.#takenIds.get(clientId) ?? 1) - 1);
  }

  #deny(name: string, denial: Denial): Undo {
    const instruments = this.#instruments(name);
    const undo = this.#world.conditions.deny(instruments, denial);
    if (denial.code === 10197) {
      // A competing session takes the data from subscriptions that are under way, too.
      const conIds = new Set(instruments.map(({ conId }) => conId));
      for (const { session } of this.#connectionsOf(undefined))
        for (const reqId of session?.liveIds(conIds) ?? [])
          session?.error(reqId, 10197, 'No market data during competing live session');
    }
    return undo;
  }

  #instruments(name: string): readonly Instrument[] {
    const found = this.#world.directory.byName(name);
    if (found.length === 0) throw new RangeError(`a fault for ${name}: the market has no such instrument`);
    return found;
  }

  #connectionsOf(clientId: number | undefined): Connection[] {
    return [...this.#world.connections()].filter(
      ({ session }) => session !== undefined && (clientId === undefined || session.clientId === clientId),
    );
  }

  #notify(code: number, text: string): void {
    for (const { session } of this.#connectionsOf(undefined)) session?.error(-1, code, text);
  }
}

function nothing(): void {
  // A fault that leaves nothing to be taken back.
}

/** The first instant after `afterMs` that shows the time of the day; the clock of its zone decides. */
export function nextOfDay(
  { minuteOfDay, zone: zoneName }: Extract<Timing, { name: 'daily' }>,
  afterMs: number,
): number {
  const zone = knownZone(zoneName);
  for (let day = 0; ; day += 1) {
    const midnight = midnightMs(dateText(afterMs + day * DAY_MS, zone), zone);
    // A day of a time change is an hour longer or shorter: what counts is what the clock shows.
    const naive = midnight + minuteOfDay * 60_000;
    const atMs = naive - (zone.offsetMs(naive) - zone.offsetMs(midnight));
    if (atMs > afterMs) return atMs;
  }
}

function describe({ what, forMs }: Fault): string {
  const { kind, ...rest } = what;
  const details = Object.entries(rest).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return [kind, ...details, ...(forMs === undefined ? [] : [`for ${forMs / 1000} s`])].join(', ');
}

/** What a client is told of a broken world is also told to one that connects to it. */
export function greetingNotices(conditions: Conditions): readonly (readonly [number, string])[] {
  const farms = ['market', 'history', 'secdef'] as const;
  return farms.map((farm) => (conditions.farmUp(farm) ? FARM_UP[farm] : FARM_DOWN[farm]));
}
