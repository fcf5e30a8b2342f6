import { percentile } from './numbers.ts';

export interface LatencyResult {
  readonly sent: number;
  readonly received: number;
  /** Of the ticks created after the warm-up, sorted, ms. */
  readonly sortedMs: Float64Array;
  /** 99 % of the bursts were created no later than so long after they were due. */
  readonly lateP99Ms: number;
}

/** Takes what one side of one round measures: latency of every tick created after the warm-up, and how late the generator was. */
export class Latencies {
  readonly #measureFromMs: number;
  readonly #values: Float64Array;
  readonly #lateMs: number[] = [];
  #count = 0;
  #received = 0;

  /** `total`: most ticks there can be. */
  constructor(measureFromMs: number, total: number) {
    this.#measureFromMs = measureFromMs;
    this.#values = new Float64Array(total);
  }

  get received(): number {
    return this.#received;
  }

  late(ms: number): void {
    this.#lateMs.push(ms);
  }

  /** Both wall times in ms. A tick too many throws: it would be a duplicate. */
  arrived(createdMs: number, nowMs: number): void {
    this.#received += 1;
    if (this.#received > this.#values.length) throw new Error('more ticks arrived than were sent');
    if (createdMs < this.#measureFromMs) return;
    this.#values[this.#count] = nowMs - createdMs;
    this.#count += 1;
  }

  result(sent: number): LatencyResult {
    return {
      sent,
      received: this.#received,
      sortedMs: this.#values.slice(0, this.#count).sort(),
      lateP99Ms: percentile(Float64Array.from(this.#lateMs).sort(), 0.99),
    };
  }
}
