import { formatCount, formatDuration, formatRate } from './format/numbers.ts';
import type { Terminal } from './terminal.ts';

const PLAIN_EVERY_MS = 5_000;
const SHOWN_EVERY_MS = 100;

export interface ProgressState {
  readonly done: number;
  /** Undefined: not known. */
  readonly total?: number | undefined;
  readonly refused?: number;
}

/** "imported 40,000 of 100,000 (40 %), 2 refused, 18,300/s, 3.2 s left" */
export function progressText(what: string, state: ProgressState, perSecond: number): string {
  const { done, total, refused = 0 } = state;
  const share =
    total === undefined || total <= 0
      ? ''
      : ` of ${formatCount(total)} (${Math.min(100, Math.floor((done / total) * 100))} %)`;
  const parts = [`${what} ${formatCount(done)}${share}`];
  if (refused > 0) parts.push(`${formatCount(refused)} refused`);
  if (perSecond > 0) parts.push(formatRate(perSecond));
  const left = total !== undefined && perSecond > 0 ? (total - done) / perSecond : 0;
  if (left > 0.5) parts.push(`${formatDuration(left * 1000)} left`);
  return parts.join(', ');
}

/** Progress of long work: one changing line on a terminal, elsewhere a plain line every few seconds. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #what: string;
  readonly #startedMs = performance.now();
  #first: number | undefined;
  #shownMs = 0;

  constructor(terminal: Terminal, what: string) {
    this.#terminal = terminal;
    this.#what = what;
    // The first plain line waits too: short work needs none.
    this.#shownMs = terminal.interactive ? 0 : this.#startedMs;
  }

  /** Events a second since the first report. */
  rate(done: number): number {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    return seconds > 0 ? (done - (this.#first ?? done)) / seconds : 0;
  }

  report(state: ProgressState): void {
    this.#first ??= state.done;
    const nowMs = performance.now();
    const everyMs = this.#terminal.interactive ? SHOWN_EVERY_MS : PLAIN_EVERY_MS;
    if (nowMs - this.#shownMs < everyMs) return;
    this.#shownMs = nowMs;
    const text = progressText(this.#what, state, this.rate(state.done));
    if (this.#terminal.interactive) this.#terminal.transient(text);
    else this.#terminal.note(text);
  }

  end(): void {
    this.#terminal.transient(null);
  }
}
