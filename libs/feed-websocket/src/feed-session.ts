import { createHash } from 'node:crypto';
import { TickwellError } from '@tickwell/domain';
import type { Clock, LiveQueue, LiveReport, Logger } from '@tickwell/ports';
import { chunkMaker } from './columns.ts';
import { FeedConnection, isPaced } from './connection.ts';
import { Decoder, type Decoded, type Problem } from './decoder.ts';
import type { WebsocketDefinition } from './definition.ts';
import { intervalOf, seriesKey } from './events.ts';
import { Outgoing } from './outgoing.ts';
import type { Topic } from './requests.ts';
import type { Secrets } from './secrets.ts';
import { SequenceTracker, type Verdict } from './sequence-tracker.ts';
import { SeriesLine, type Taken } from './series-line.ts';
import type { OpenSocket } from './socket.ts';

export interface SessionParts {
  readonly definition: WebsocketDefinition;
  readonly secrets: Secrets;
  readonly topics: readonly Topic[];
  readonly queue: LiveQueue;
  /** Newest stored event by topic, ns since the epoch. */
  readonly stored: ReadonlyMap<Topic, bigint>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly open: OpenSocket;
  readonly random: () => number;
  readonly report: (report: LiveReport) => void;
  readonly onFailed: (error: TickwellError) => void;
  readonly nowNs: () => bigint;
}

/** An original of a refusal, at most. */
const MAX_ORIGINAL = 64 * 1024;

/** Tickers that nobody asked for which the log names. */
const MAX_TOLD = 10;

/** What becomes of an event that its number says is past. */
const LEFT = { late: 'late', repeat: 'known' } as const satisfies Partial<Record<Verdict['kind'], Taken>>;

interface Route {
  readonly topic: Topic;
  readonly line: SeriesLine;
  readonly connection: FeedConnection;
}

/** Everything of one live session: connections for all topics, and the series that come out of them. */
export class FeedSession {
  readonly #parts: SessionParts;
  readonly #connections: FeedConnection[] = [];
  /** By ticker, series and interval. */
  readonly #routes = new Map<string, Route>();
  readonly #byTopic = new Map<Topic, Route>();
  readonly #counts = new Map<string, SequenceTracker>();
  readonly #live = new Set<FeedConnection>();
  #served: number;
  #repeats = 0;
  /** Tickers that nobody asked for. */
  readonly #others = new Set<string>();

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#served = parts.topics.length;
    const { definition, topics } = parts;
    const decoder = new Decoder(definition);
    const outgoing = new Outgoing(definition, parts.secrets, parts.clock);
    const most = definition.subscribe.maxTopicsPerConnection;
    for (let at = 0; at < topics.length; at += most)
      this.#connect(topics.slice(at, at + most), decoder, outgoing);
  }

  /** Resolves when every connection has ended; holes that are open then are told. */
  async run(signal: AbortSignal): Promise<void> {
    const { report, logger, definition } = this.#parts;
    await Promise.all(this.#connections.map((connection) => connection.run(signal)));
    for (const { line } of this.#byTopic.values())
      this.#tell(line.end(this.#parts.nowNs(), 'the session ended before the feed told what was missed'));
    if (this.#live.size > 0) report({ kind: 'connection', state: 'closed', isUp: false });
    if (this.#repeats > 0)
      logger.info(
        { repeats: this.#repeats },
        `${definition.name}: ${this.#repeats} repeated events were left out`,
      );
  }

  pause(): void {
    for (const connection of this.#connections) connection.pause();
  }

  resume(): void {
    for (const connection of this.#connections) connection.resume();
  }

  #connect(topics: readonly Topic[], decoder: Decoder, outgoing: Outgoing): void {
    const { definition, clock, open, random } = this.#parts;
    const index = this.#connections.length;
    const connection: FeedConnection = new FeedConnection({
      definition,
      decoder,
      outgoing,
      clock,
      open,
      topics,
      random,
      handlers: {
        onEvent: (decoded, text) => {
          this.#event(decoded, text);
        },
        onProblem: (problem, text) => {
          this.#problem(problem, text);
        },
        onRepeat: () => {
          this.#repeats++;
        },
        onGap: (of, reason) => {
          this.#gap(of, reason);
        },
        onActive: (of) => {
          for (const topic of of) this.#tell(this.#byTopic.get(topic)?.line.active(this.#parts.nowNs()));
        },
        onRejected: (topic, reason) => {
          this.#rejected(topic, reason);
        },
        onError: (reason) => {
          this.#state(index, `the feed says: ${reason}`);
        },
        onLive: () => {
          this.#live.add(connection);
          this.#state(index, 'live');
        },
        onLost: (of, end, retryMs) => {
          this.#live.delete(connection);
          for (const topic of of) this.#byTopic.get(topic)?.line.outage(end.reason, this.#parts.nowNs());
          this.#state(index, `${end.reason}; again in ${(retryMs / 1000).toFixed(1)} s`, isPaced(end));
        },
        onFailed: (error) => {
          this.#parts.onFailed(error);
        },
      },
    });
    this.#connections.push(connection);
    for (const topic of topics) this.#addRoute(topic, connection);
  }

  #addRoute(topic: Topic, connection: FeedConnection): void {
    const { definition, queue, stored, nowNs } = this.#parts;
    const { symbol, series, interval, ticker } = topic;
    const line = new SeriesLine({
      symbol,
      series,
      interval,
      out: queue.line(chunkMaker(series, { symbol, interval, priceBasis: definition.priceBasis })),
      storedUntilNs: stored.get(topic) ?? 0n,
      nowNs: nowNs(),
    });
    const route = { topic, line, connection };
    this.#routes.set(seriesKey(ticker, series, interval), route);
    this.#byTopic.set(topic, route);
  }

  #event(decoded: Decoded, text: string): void {
    const { event, isSnapshot } = decoded;
    const { ticker, series } = event;
    const route = this.#routes.get(seriesKey(ticker, series, intervalOf(event)));
    if (route === undefined) {
      this.#unasked(series, ticker);
      return;
    }
    const verdict = this.#verdictOf(decoded);
    if (verdict !== undefined) this.#counted(route, decoded, verdict);
    const isPast = verdict?.kind === 'late' || verdict?.kind === 'repeat';
    const taken = isPast ? LEFT[verdict.kind] : route.line.take(event, isSnapshot);
    if (taken === 'known') this.#repeats++;
    else if (taken === 'late')
      this.#refuse(
        'websocket-late',
        route.topic.symbol,
        `${series} of ${ticker} come after later ones of their series`,
        text,
      );
  }

  /** A channel of all instruments brings those that nobody wants, too. */
  #unasked(series: string, ticker: string): void {
    if (this.#others.size >= MAX_TOLD || this.#others.has(ticker)) return;
    this.#others.add(ticker);
    const { definition, logger } = this.#parts;
    const last = this.#others.size === MAX_TOLD ? '; others are not told' : '';
    logger.warn({ ticker }, `${definition.name}: ${series} of ${ticker} come, which nobody asked for${last}`);
  }

  /** Of a count that each symbol has for itself, over all connections of the session. */
  #verdictOf({ event, route, number }: Decoded): Verdict | undefined {
    if (number === undefined || route.sequence?.scope !== 'symbol') return undefined;
    const key = `${route.name} ${event.ticker}`;
    let count = this.#counts.get(key);
    if (count === undefined) {
      count = new SequenceTracker(route.sequence.step);
      this.#counts.set(key, count);
    }
    return count.check(number, event.timeNs);
  }

  #counted({ topic, line, connection }: Route, { event, route }: Decoded, verdict: Verdict): void {
    if (verdict.kind === 'late') return;
    const isGap = verdict.kind === 'gap' || verdict.kind === 'restart';
    const nowNs = this.#parts.nowNs();
    if (route.sequence?.step === 'one') this.#tell(line.counted(verdict, { timeNs: event.timeNs, nowNs }));
    // Numbers that leave others out tell nothing of what was missed.
    else if (isGap) this.#tell(line.gap('the feed began its numbers anew', nowNs));
    if (isGap && route.sequence?.onGap === 'resubscribe') connection.resubscribe(topic);
  }

  #gap(topics: readonly Topic[], reason: string): void {
    for (const topic of topics) this.#tell(this.#byTopic.get(topic)?.line.gap(reason, this.#parts.nowNs()));
  }

  #rejected(topic: Topic, reason: string): void {
    const { definition, report, onFailed, nowNs } = this.#parts;
    const { symbol, series, text } = topic;
    const why = `${definition.name}: the subscription to ${text} was rejected: ${reason}`;
    report({ kind: 'refused', symbol, series, reason: why });
    this.#refuse('websocket-rejected', symbol, `the subscription to ${text} was rejected: ${reason}`, text);
    this.#tell(this.#byTopic.get(topic)?.line.end(nowNs(), why));
    this.#served--;
    if (this.#served === 0) onFailed(new TickwellError('websocket-rejected', why));
  }

  #problem({ rule, reason, ticker }: Problem, text: string): void {
    const symbol = [...this.#byTopic.keys()].find(
      (topic) => ticker !== '' && topic.ticker === ticker,
    )?.symbol;
    this.#refuse(rule, symbol ?? '', `a message ${reason}`, text);
  }

  /** What goes no further, with the bytes of its message. */
  #refuse(rule: string, symbol: string, problem: string, message: string): void {
    const { queue, secrets, definition } = this.#parts;
    const whole = Buffer.from(secrets.hide(message));
    queue.refuse({
      kind: 'refused',
      rule,
      reason: secrets.hide(`${definition.name}: ${problem}`),
      symbol,
      original: whole.subarray(0, MAX_ORIGINAL),
      originalSize: whole.length,
      originalSha256: createHash('sha256').update(whole).digest('hex'),
    });
  }

  #state(index: number, text: string, paced = false): void {
    const { report } = this.#parts;
    const count = this.#connections.length;
    const which = count === 1 ? '' : `connection ${index + 1} of ${count}: `;
    const isUp = this.#connections.every((connection) => !connection.isServing || this.#live.has(connection));
    report({ kind: 'connection', state: `${which}${text}`, isUp, isPaced: paced });
  }

  #tell(report: LiveReport | undefined): void {
    if (report !== undefined) this.#parts.report(report);
  }
}
