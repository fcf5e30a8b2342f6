/** The simulated Gateway: listens on the loopback and gives each client a session. */
import { createServer, type Server, type Socket } from 'node:net';
import { AccountBook, type Execution, type PositionSeed, type TradeOrder } from './account/book.ts';
import { SimClock } from './clock.ts';
import { Connection, type ConnectionHost } from './connection.ts';
import { Directory } from './directory.ts';
import { Conditions } from './faults/conditions.ts';
import { FaultEngine, greetingNotices } from './faults/engine.ts';
import type { Fault, FaultScript } from './faults/fault.ts';
import { parseFault } from './faults/parse.ts';
import { Lines, type Gateway } from './gateway.ts';
import { LiveHub } from './live/hub.ts';
import type { Market } from './market/market.ts';
import { HistoryPacing } from './pacing/judge.ts';
import { IB_LIMITS, type PacingLimits } from './pacing/limits.ts';
import { sendExecution } from './requests/account.ts';
import { dispatch } from './requests/dispatch.ts';
import { Session } from './session.ts';
import { Stats, type GatewayStats } from './stats.ts';
import { knownZone, zonedText } from './time/ib-time.ts';
import { MAX_SERVER_VERSION } from './wire/handshake.ts';
import { managedAccounts, nextValidId } from './wire/messages/session.ts';

export interface IbGatewaySimOptions {
  readonly market: Market;
  /** 0: any free port. */
  readonly port?: number;
  /** Simulated ms since the epoch at which the clock starts. */
  readonly startMs: number;
  /** 1 (default): real time; 0: only `clock.advance` moves it. */
  readonly speed?: number;
  /** Changes to IB's limits, such as `{ tickByTickLines: 100 }`. */
  readonly limits?: Partial<PacingLimits>;
  /** The newest server version announced (157 … 178, default 178). */
  readonly serverMaxVersion?: number;
  /** What the handshake says whatever the client offers: a server that is too old, or too new, for it. */
  readonly announcedVersion?: number;
  /** Simulated ms that history takes to answer (default 0). */
  readonly historyLatencyMs?: number;
  /** How often live data is sent, in simulated ms (default 50, and 50 ms of real time on a faster clock). */
  readonly pollMs?: number;
  /** What the paper account holds at the start (default: a little of what the market has). */
  readonly positions?: readonly PositionSeed[];
  /** Faults from a file (`parseFaultFile`). */
  readonly faults?: readonly Fault[];
  /** One line per event of a connection. */
  readonly log?: (line: string) => void;
}

export interface IbGatewaySim {
  readonly port: number;
  readonly clock: SimClock;
  stats(): GatewayStats;
  /**
   * Makes a fault happen, now or when it says; the answer ends it.
   *
   * @throws RangeError, naming the field, for a fault that makes no sense.
   */
  inject(fault: FaultScript): () => void;
  /** A trade of the paper account, now: clients that follow positions, values or executions are told. */
  trade(order: TradeOrder): Execution;
  stop(): Promise<void>;
}

/** More connections are refused; TWS itself takes 32. */
const MAX_CONNECTIONS = 32;
/** Pacing of client ids that are gone is remembered for this many. */
const MAX_REMEMBERED_CLIENTS = 1000;
const ACCOUNT = 'DU1234567';
const CASH = 100_000;
/**
 * Resolves when it listens.
 *
 * @throws RangeError for a fault of an instrument that the market does not have; Error where the port is in use.
 */
export async function startIbGatewaySim(options: IbGatewaySimOptions): Promise<IbGatewaySim> {
  const simulator = new Simulator(options);
  try {
    simulator.schedule(options.faults ?? []);
    await simulator.listen(options.port ?? 0);
  } catch (error) {
    await simulator.stop();
    throw error;
  }
  return simulator;
}

class Simulator implements IbGatewaySim {
  readonly clock: SimClock;
  readonly #gateway: Gateway;
  readonly #stats = new Stats();
  readonly #conditions = new Conditions();
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #pacing = new Map<number, HistoryPacing>();
  readonly #faults: FaultEngine;
  readonly #startMs: number;
  readonly #host: ConnectionHost;

  constructor(options: IbGatewaySimOptions) {
    const speed = options.speed ?? 1;
    // Reading recordings takes real time: the simulated day begins when clients can connect.
    this.clock = new SimClock({ startMs: options.startMs, speed, held: true });
    this.#gateway = this.#createGateway(options, speed);
    const log = options.log ?? (() => undefined);
    this.#startMs = options.startMs;
    this.#faults = new FaultEngine({
      clock: this.clock,
      conditions: this.#conditions,
      directory: this.#gateway.directory,
      stats: this.#stats,
      connections: () => this.#connections,
      log,
    });
    this.#host = {
      clock: this.clock,
      limits: this.#gateway.limits,
      stats: this.#stats,
      serverMaxVersion: options.serverMaxVersion ?? MAX_SERVER_VERSION,
      announcedVersion: options.announcedVersion,
      connectionTime: () => zonedText(this.clock.nowMs(), this.#gateway.zone),
      start: (connection, clientId, version) => this.#start(connection, clientId, version),
      log,
    };
    this.#server = createServer((socket) => {
      this.#accept(socket);
    });
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  schedule(faults: readonly Fault[]): void {
    for (const fault of faults) this.#faults.inject(fault);
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        this.clock.release();
        resolve();
      });
    });
  }

  stats(): GatewayStats {
    return this.#stats.snapshot();
  }

  inject(script: FaultScript): () => void {
    const fault = parseFault(script, 'fault', { startMs: this.#startMs, zone: this.#gateway.zone });
    if (!fault.ok) throw new RangeError(fault.error);
    return this.#faults.inject(fault.value);
  }

  trade(order: TradeOrder): Execution {
    return this.#gateway.book.trade(order);
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    for (const connection of this.#connections) connection.cut('simulator stopped');
    this.#gateway.hub.stop();
    this.clock.stop();
    await closed;
  }

  #createGateway(options: IbGatewaySimOptions, speed: number): Gateway {
    const { market } = options;
    const limits: PacingLimits = { ...IB_LIMITS, ...options.limits };
    const latencyMs = options.historyLatencyMs ?? 0;
    const directory = new Directory(market.instruments);
    const { clock } = this;
    return {
      clock,
      market,
      directory,
      book: new AccountBook({
        ...{ clock, market, directory, account: ACCOUNT, cash: CASH, seeds: options.positions },
      }),
      hub: new LiveHub({
        clock,
        market,
        pollMs: options.pollMs ?? 50 * Math.max(1, speed),
        flows: (conId) => this.#conditions.flows(conId),
      }),
      conditions: this.#conditions,
      limits,
      stats: this.#stats,
      zone: knownZone('US/Eastern'),
      lines: new Lines(limits.marketDataLines),
      tickByTickLines: new Lines(limits.tickByTickLines),
      answerLater: (answer) => {
        if (latencyMs === 0) answer();
        else clock.after(latencyMs, answer);
      },
    };
  }

  #accept(socket: Socket): void {
    if (this.#connections.size >= MAX_CONNECTIONS || this.#conditions.refusing) {
      socket.on('error', () => undefined);
      socket.resetAndDestroy();
      return;
    }
    const connection = new Connection(socket, this.#host);
    this.#connections.add(connection);
    this.#stats.connections += 1;
    this.#stats.connectionsOpen += 1;
    socket.once('close', () => {
      this.#connections.delete(connection);
      this.#stats.connectionsOpen -= 1;
    });
  }

  #start(connection: Connection, clientId: number, version: number): Session | string {
    if (this.#faults.isClientIdTaken(clientId)) return `client id ${clientId} is in use`;
    for (const other of this.#connections)
      if (other.session?.clientId === clientId) return `client id ${clientId} is in use by ${other.peer}`;
    const session = new Session({
      gateway: this.#gateway,
      version,
      clientId,
      pacing: this.#pacingOf(clientId),
      serve: dispatch,
      transmit: (frame) => {
        connection.transmit(frame);
      },
    });
    this.#host.log(`${connection.peer}: client id ${clientId}, server version ${version}`);
    const stop = this.#gateway.book.onExecution((execution) => {
      // TWS tells the client that traded, and client 0 of everything.
      if (clientId === 0 || clientId === execution.clientId) sendExecution(session, -1, execution);
    });
    session.onClose(stop);
    session.send(managedAccounts([ACCOUNT]));
    session.send(nextValidId(1));
    for (const [code, text] of greetingNotices(this.#conditions)) session.error(-1, code, text);
    return session;
  }

  /** Outlives a connection: IB's servers remember a client that comes back. */
  #pacingOf(clientId: number): HistoryPacing {
    let pacing = this.#pacing.get(clientId);
    if (pacing === undefined) {
      if (this.#pacing.size >= MAX_REMEMBERED_CLIENTS) this.#pacing.clear();
      pacing = new HistoryPacing(this.#gateway.limits);
      this.#pacing.set(clientId, pacing);
    }
    return pacing;
  }
}
