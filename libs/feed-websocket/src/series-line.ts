import { OpenHole, type LiveReport, type QueueLine } from '@tickwell/ports';
import type { MarketEvent } from './events.ts';
import type { Series } from './definition.ts';
import type { Verdict } from './sequence-tracker.ts';

/** An event with its number among those of its time. */
export interface Numbered {
  readonly event: MarketEvent;
  readonly seq: bigint;
}

/** What became of an event; `known`: it was delivered before, or is stored; `late`: later ones of its series were. */
export type Taken = 'delivered' | 'known' | 'late';

/**
 * One series of one instrument over all connections of a session: which events are new, under which number they go out, and what is
 * missing. The feed's own number is the identity; without one it is the ordinal among events of equal time.
 */
export class SeriesLine {
  readonly symbol: string;
  readonly series: Series;
  readonly #interval: string;
  readonly #out: QueueLine<Numbered>;
  readonly #storedUntilNs: bigint;
  #lastNs = 0n;
  #lastSeq = 0n;
  #hole: OpenHole | undefined;
  /** The feed counts this series without leaving numbers out, and a number was heard. */
  #isCounted = false;
  /** A number was heard before the hole: the next one tells what was missed. */
  #isHoleCounted = false;

  /** `storedUntilNs`: newest event of an earlier session that is stored; 0n: none. */
  constructor(of: {
    readonly symbol: string;
    readonly series: Series;
    /** Of bars; else "". */
    readonly interval: string;
    readonly out: QueueLine<Numbered>;
    readonly storedUntilNs: bigint;
    readonly nowNs: bigint;
  }) {
    this.symbol = of.symbol;
    this.series = of.series;
    this.#interval = of.interval;
    this.#out = of.out;
    this.#storedUntilNs = of.storedUntilNs;
    if (of.storedUntilNs > 0n)
      this.#hole = new OpenHole('the session was not running', of.storedUntilNs, of.nowNs);
  }

  take(event: MarketEvent, isSnapshot: boolean): Taken {
    const { timeNs, seq } = event;
    const isKnownTime = timeNs < this.#lastNs || timeNs <= this.#storedUntilNs;
    if (isSnapshot && (isKnownTime || (timeNs === this.#lastNs && (seq ?? 0n) <= this.#lastSeq)))
      return 'known';
    if (timeNs < this.#lastNs) return 'late';
    if (seq === undefined) {
      // Which of that time are stored is not known, so neither is this one's number.
      if (timeNs <= this.#storedUntilNs) return 'late';
    } else if (timeNs === this.#lastNs && seq <= this.#lastSeq)
      return seq === this.#lastSeq ? 'known' : 'late';
    const number = seq ?? (timeNs === this.#lastNs ? this.#lastSeq + 1n : 0n);
    this.#lastNs = timeNs;
    this.#lastSeq = number;
    this.#out.add({ event, seq: number });
    return 'delivered';
  }

  /** What the feed's count says, before the event of that number is taken. The answer is what there is to report. */
  counted(verdict: Verdict, of: { readonly timeNs: bigint; readonly nowNs: bigint }): LiveReport | undefined {
    const unrepaired = missingText(verdict);
    if (unrepaired !== undefined) this.#openHole('the numbers of the feed have a gap', of.nowNs);
    this.#isCounted = true;
    if (unrepaired === undefined && !this.#isHoleCounted) return undefined;
    return this.#close(of.timeNs, of.nowNs, unrepaired);
  }

  /** Something of it may have been missed, as a count that it shares with others says. */
  gap(reason: string, nowNs: bigint): LiveReport | undefined {
    this.#openHole(reason, nowNs);
    return this.#close(nowNs, nowNs, NO_HISTORY);
  }

  outage(reason: string, nowNs: bigint): void {
    if (this.#lastNs > 0n) this.#openHole(reason, nowNs);
  }

  /** The subscription is there again: the next number tells what was missed, and without numbers nothing does. */
  active(nowNs: bigint): LiveReport | undefined {
    return this.#isHoleCounted ? undefined : this.#close(nowNs, nowNs, NO_HISTORY);
  }

  /** The session is over, or the series for good. */
  end(nowNs: bigint, reason: string): LiveReport | undefined {
    return this.#close(nowNs, nowNs, reason);
  }

  #openHole(reason: string, nowNs: bigint): void {
    if (this.#hole !== undefined) return;
    this.#hole = new OpenHole(reason, this.#lastNs > 0n ? this.#lastNs : nowNs, nowNs);
    this.#isHoleCounted = this.#isCounted;
  }

  #close(toNs: bigint, nowNs: bigint, unrepaired: string | undefined): LiveReport | undefined {
    const { symbol, series } = this;
    const of = this.#interval === '' ? { symbol, series } : { symbol, series, interval: this.#interval };
    const report = this.#hole?.close({ ...of, toNs, nowNs, unrepaired });
    this.#hole = undefined;
    this.#isHoleCounted = false;
    return report;
  }
}

const NO_HISTORY = 'the feed has no history and no count that would tell what was missed';

function missingText(verdict: Verdict): string | undefined {
  if (verdict.kind === 'restart') return 'the feed began its numbers anew: what was before them is not known';
  if (verdict.kind !== 'gap') return undefined;
  const { after, missing } = verdict;
  const which = missing === 1n ? `number ${after + 1n}` : `numbers ${after + 1n} to ${after + missing}`;
  return `${which} never came, and the feed has no history`;
}
