/** A client of @stoqey/ib that remembers every event it emits. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EventName, IBApi, SecType, type Contract } from '@stoqey/ib';
import type { Plan } from './plan.ts';

export type Arguments = readonly unknown[];
export type Fields = Readonly<Record<string, unknown>>;

export class StoqeyClient {
  readonly api: IBApi;
  readonly answers = new Map<string, unknown>();
  readonly share: Contract;
  readonly #waitMs: number;
  readonly #quietMs: number;
  readonly #events: { readonly name: string; readonly args: Arguments }[] = [];

  constructor(plan: Plan) {
    this.api = new IBApi({ host: '127.0.0.1', port: plan.port, clientId: plan.clientId });
    const { conId, symbol, exchange, currency } = plan.share;
    this.share = { conId, symbol, secType: SecType.STK, exchange, currency };
    this.#waitMs = plan.waitSeconds * 1000;
    this.#quietMs = plan.quietSeconds * 1000;
    this.api.on(EventName.all, (name: string, args: Arguments) => {
      this.#events.push({ name, args: [...args] });
    });
    this.api.on(EventName.error, () => undefined);
  }

  async connect(): Promise<void> {
    this.api.connect();
    await this.wait(EventName.nextValidId);
  }

  /** Arguments of all events of the name (and request) so far. The id of accountUpdateMultiEnd is text. */
  seen(name: EventName, reqId?: number): readonly Arguments[] {
    return this.#events
      .filter((event) => event.name === (name as string))
      .map(({ args }) => args)
      .filter(
        (args) => reqId === undefined || String(args[name === EventName.error ? 2 : 0]) === String(reqId),
      );
  }

  /** Waits until there are as many; throws where they do not come in time. */
  async wait(name: EventName, reqId?: number, count = 1): Promise<readonly Arguments[]> {
    await this.waitUntil(() => this.seen(name, reqId).length >= count, `${count} ${name} of ${reqId}`);
    return this.seen(name, reqId);
  }

  async waitUntil(condition: () => boolean, what: string): Promise<void> {
    const endMs = performance.now() + this.#waitMs;
    while (!condition()) {
      if (performance.now() > endMs) throw new Error(`${what} did not come in time`);
      await sleep(20);
    }
  }

  /** How many more arrive of each once everything on its way has had time to. */
  async quiet(kinds: Readonly<Record<string, readonly [EventName, number?]>>): Promise<void> {
    await sleep(this.#quietMs);
    const before = Object.values(kinds).map(([name, reqId]) => this.seen(name, reqId).length);
    await sleep(this.#quietMs);
    Object.entries(kinds).forEach(([kind, [name, reqId]], index) => {
      this.answers.set(`cancel ${kind}`, this.seen(name, reqId).length - (before[index] ?? 0));
    });
  }
}

export function pick(source: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.map((name) => [name, source[name]]));
}

export function errorOf(args: Arguments | undefined): Fields | undefined {
  if (args === undefined) return undefined;
  return { code: args[1], text: args[0] instanceof Error ? args[0].message : args[0] };
}
