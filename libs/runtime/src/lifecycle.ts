/** Where a service stands. `failed` and `stopped` are final. */
export type LifecycleState = 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';

const NEXT: Readonly<Record<LifecycleState, readonly LifecycleState[]>> = {
  starting: ['running', 'stopping', 'failed'],
  running: ['stopping', 'stopped', 'failed'],
  stopping: ['stopped', 'failed'],
  stopped: [],
  failed: [],
};

/** The state of a service and the transitions it may take; any other is a bug and throws. */
export class Lifecycle {
  #state: LifecycleState = 'starting';

  get state(): LifecycleState {
    return this.#state;
  }

  get isFinal(): boolean {
    return NEXT[this.#state].length === 0;
  }

  to(state: LifecycleState): void {
    if (!NEXT[this.#state].includes(state))
      throw new Error(`a service that is ${this.#state} cannot become ${state}`);
    this.#state = state;
  }
}
