/** Counters that tests and users ask for. */

export type Violation =
  | 'historicalPacing'
  | 'identicalRequest'
  | 'sameContractBurst'
  | 'openRequests'
  | 'messageRate'
  | 'marketDataLines'
  | 'tickByTickLines'
  | 'tickByTickRepeat'
  /** A duration longer than IB's table gives for the bar size; answered all the same (README). */
  | 'stepSize';

export interface GatewayStats {
  readonly connections: number;
  readonly connectionsOpen: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly messagesSent: number;
  /** Ticks sent tick by tick. */
  readonly ticksSent: number;
  /** Error frames by code, notices included. */
  readonly errorsSent: Readonly<Record<string, number>>;
  readonly violations: Readonly<Record<Violation, number>>;
  /** Of those that were answered with an error: all but `stepSize`. */
  readonly violationsTotal: number;
  /** Connections that the simulator ended, by reason. */
  readonly cuts: Readonly<Record<string, number>>;
  readonly faultsInjected: number;
}

const NO_VIOLATIONS: Readonly<Record<Violation, number>> = {
  historicalPacing: 0,
  identicalRequest: 0,
  sameContractBurst: 0,
  openRequests: 0,
  messageRate: 0,
  marketDataLines: 0,
  tickByTickLines: 0,
  tickByTickRepeat: 0,
  stepSize: 0,
};

export class Stats {
  connections = 0;
  connectionsOpen = 0;
  messagesSent = 0;
  ticksSent = 0;
  faultsInjected = 0;
  readonly #requests = new Map<string, number>();
  readonly #errors = new Map<number, number>();
  readonly #cuts = new Map<string, number>();
  readonly #violations = { ...NO_VIOLATIONS };

  request(kind: string): void {
    this.#requests.set(kind, (this.#requests.get(kind) ?? 0) + 1);
  }

  errorSent(code: number): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  cut(reason: string): void {
    this.#cuts.set(reason, (this.#cuts.get(reason) ?? 0) + 1);
  }

  violation(kind: Violation): void {
    this.#violations[kind] += 1;
  }

  snapshot(): GatewayStats {
    const violations = { ...this.#violations };
    return {
      connections: this.connections,
      connectionsOpen: this.connectionsOpen,
      requests: Object.fromEntries(this.#requests),
      messagesSent: this.messagesSent,
      ticksSent: this.ticksSent,
      errorsSent: Object.fromEntries(this.#errors),
      violations,
      violationsTotal: Object.values(violations).reduce((sum, count) => sum + count, 0) - violations.stepSize,
      cuts: Object.fromEntries(this.#cuts),
      faultsInjected: this.faultsInjected,
    };
  }
}
