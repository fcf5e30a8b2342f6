import type { Clock } from '@tickwell/ports';
import type { Decoded, DecodeHandler, Decoder, Problem, Signal } from './decoder.ts';
import type { WebsocketDefinition } from './definition.ts';
import type { Outgoing } from './outgoing.ts';
import { PacedSender } from './paced-sender.ts';
import { batchesOf, Requests, type Topic } from './requests.ts';
import { SequenceTracker, type Verdict } from './sequence-tracker.ts';
import type { FeedSocket, OpenSocket, SocketEnd } from './socket.ts';

/** What one socket's life tells. */
export interface SessionHandlers {
  /** `text`: the message that it came in. */
  readonly onEvent: (decoded: Decoded, text: string) => void;
  readonly onProblem: (problem: Problem, text: string) => void;
  /** A message or event that came before, by the connection's or a channel's count. */
  readonly onRepeat: () => void;
  /** The connection's or a channel's count has a gap: these topics may miss something. */
  readonly onGap: (topics: readonly Topic[], reason: string) => void;
  readonly onActive: (topics: readonly Topic[]) => void;
  /** The feed does not serve it. */
  readonly onRejected: (topic: Topic, reason: string) => void;
  /** The feed complains of something else. */
  readonly onError: (reason: string) => void;
  /** Everything that was asked for is there. */
  readonly onLive: () => void;
}

export interface SessionOptions {
  readonly definition: WebsocketDefinition;
  readonly decoder: Decoder;
  readonly outgoing: Outgoing;
  readonly clock: Clock;
  readonly open: OpenSocket;
  readonly topics: readonly Topic[];
  readonly url: string;
  readonly handlers: SessionHandlers;
  /** Reading is stopped from the start. */
  readonly isPaused: boolean;
}

/** How a session ended. */
export interface SessionEnd extends SocketEnd {
  /** The feed says that another attempt would end the same way. */
  readonly isFinal: boolean;
}

const HANDSHAKE_MS = 15_000;
const MIN_TICK_MS = 20;
const MAX_TICK_MS = 1000;
/** A topic is asked for anew after a gap at most so often. */
const RESUBSCRIBE_MS = 10_000;
const SHOWN_TOPICS = 5;

type Phase = 'connecting' | 'login' | 'subscribing' | 'live' | 'over';

/** The life of one socket: handshake, login, subscriptions with their acknowledgement, heartbeats, until it ends. */
export class Session {
  /** Resolves when the socket is over. */
  readonly ended: Promise<SessionEnd>;
  readonly #options: SessionOptions;
  readonly #over = new AbortController();
  readonly #requests = new Requests();
  readonly #sender: PacedSender;
  readonly #handler: DecodeHandler;
  readonly #connectionCount: SequenceTracker | undefined;
  readonly #channelCounts = new Map<string, SequenceTracker>();
  readonly #resubscribedMs = new Map<Topic, number>();
  readonly #socket: FeedSocket;
  #phase: Phase = 'connecting';
  #isFinal = false;
  #isPaused: boolean;
  #nextId = 1;
  #heardMs: number;
  /** Last event or heartbeat message. */
  #lifeMs: number;
  #pingedMs: number;
  #phaseMs: number;
  /** The message that is being decoded. */
  #text = '';

  constructor(options: SessionOptions) {
    this.#options = options;
    const { definition, clock } = options;
    const { sequence, maxMessagesPerSecond } = definition;
    this.#connectionCount = sequence === undefined ? undefined : new SequenceTracker(sequence.step);
    this.#handler = this.#decodeHandler();
    this.#isPaused = options.isPaused;
    this.#heardMs = this.#lifeMs = this.#pingedMs = this.#phaseMs = clock.monotonicMs();
    const ended = Promise.withResolvers<SessionEnd>();
    this.ended = ended.promise;
    this.#socket = this.#open((end) => {
      this.#phase = 'over';
      this.#over.abort();
      ended.resolve({ ...end, isFinal: this.#isFinal });
    });
    this.#sender = new PacedSender({
      clock,
      perSecond: maxMessagesPerSecond,
      signal: this.#over.signal,
      send: (text) => {
        this.#socket.send(text);
      },
    });
    if (options.isPaused) this.#socket.pause();
    // The sleep of the watch rejects with the end.
    this.#watch().catch(() => undefined);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#excuseSilence();
    this.#socket.resume();
  }

  close(reason: string): void {
    this.#socket.close(reason);
  }

  /** Asks for a topic anew, for the state that comes with it. */
  resubscribe(topic: Topic): void {
    const { definition, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - (this.#resubscribedMs.get(topic) ?? Number.NEGATIVE_INFINITY) < RESUBSCRIBE_MS) return;
    this.#resubscribedMs.set(topic, nowMs);
    const { message, unsubscribe } = definition.subscribe;
    if (message === undefined) {
      this.close('numbers of the feed have a gap: it is asked anew for its state');
      return;
    }
    if (unsubscribe !== undefined) {
      const id = this.#nextId++;
      this.#sender.send(
        this.#options.outgoing.message(unsubscribe, { id, request: { id, topics: [topic] } }),
      );
    }
    this.#subscribe([topic]);
  }

  #open(onEnd: (end: SocketEnd) => void): FeedSocket {
    const { open, url, definition, outgoing, clock } = this.#options;
    const headers = outgoing.headers();
    return open(
      { url, headers, maxMessageBytes: definition.maxMessageBytes, handshakeMs: HANDSHAKE_MS },
      {
        onOpen: () => {
          this.#opened();
        },
        onText: (text) => {
          this.#heard(text);
        },
        onPulse: () => {
          this.#heardMs = clock.monotonicMs();
        },
        onEnd,
      },
    );
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#phaseMs = this.#options.clock.monotonicMs();
  }

  #opened(): void {
    const { login } = this.#options.definition;
    this.#excuseSilence();
    if (login === undefined) {
      this.#subscribeAll();
      return;
    }
    this.#enter('login');
    this.#sender.send(this.#options.outgoing.message(login.message, { id: this.#nextId++ }));
  }

  #subscribeAll(): void {
    const { definition, topics, handlers } = this.#options;
    this.#enter('subscribing');
    if (definition.subscribe.message === undefined) {
      // The URL has asked for them.
      handlers.onActive(topics);
      this.#maybeLive();
      return;
    }
    for (const batch of batchesOf(topics, definition.subscribe.maxTopicsPerMessage)) this.#subscribe(batch);
    this.#maybeLive();
  }

  #subscribe(topics: readonly Topic[]): void {
    const { outgoing, clock, definition, handlers } = this.#options;
    const request = { id: this.#nextId++, topics };
    const text = outgoing.message(definition.subscribe.message, { id: request.id, request });
    this.#sender.send(text, () => {
      if (definition.routes.some(({ as }) => as === 'subscribed')) {
        this.#requests.sent(request, clock.monotonicMs());
        return;
      }
      handlers.onActive(topics);
      this.#maybeLive();
    });
  }

  #maybeLive(): void {
    if (this.#phase !== 'subscribing' || !this.#requests.isSettled || !this.#sender.isIdle) return;
    this.#enter('live');
    this.#options.handlers.onLive();
  }

  #heard(text: string): void {
    const { clock, decoder } = this.#options;
    if (this.#phase === 'over') return;
    this.#heardMs = clock.monotonicMs();
    this.#text = text;
    decoder.decode(text, clock.nowNs(), this.#handler);
  }

  #decodeHandler(): DecodeHandler {
    const { handlers } = this.#options;
    return {
      onEvent: (decoded) => {
        this.#lifeMs = this.#heardMs;
        if (this.#isCounted(decoded)) handlers.onEvent(decoded, this.#text);
      },
      onSignal: (signal) => {
        this.#signal(signal);
      },
      onProblem: (problem) => {
        handlers.onProblem(problem, this.#text);
      },
      onNumber: (number) => {
        const verdict = this.#connectionCount?.check(number);
        return verdict === undefined || this.#passes(verdict, this.#options.topics);
      },
    };
  }

  /** Of a channel that counts over all its symbols. */
  #isCounted({ event, route, number }: Decoded): boolean {
    if (number === undefined || route.sequence?.scope !== 'channel') return true;
    let count = this.#channelCounts.get(route.name);
    if (count === undefined) {
      count = new SequenceTracker(route.sequence.step);
      this.#channelCounts.set(route.name, count);
    }
    const topics = this.#options.topics.filter(
      ({ series, interval }) => series === route.as && interval === route.interval,
    );
    return this.#passes(count.check(number, event.timeNs), topics);
  }

  #passes(verdict: Verdict, topics: readonly Topic[]): boolean {
    const { handlers } = this.#options;
    if (verdict.kind === 'repeat') handlers.onRepeat();
    else if (verdict.kind === 'gap')
      handlers.onGap(topics, `${verdict.missing} numbers of the feed after ${verdict.after} never came`);
    else if (verdict.kind === 'restart') handlers.onGap(topics, 'the feed began its numbers anew');
    return verdict.kind !== 'repeat';
  }

  #signal(signal: Signal): void {
    const { handlers, outgoing } = this.#options;
    switch (signal.kind) {
      case 'heartbeat':
        this.#lifeMs = this.#heardMs;
        if (signal.reply !== undefined)
          this.#sender.send(outgoing.message(signal.reply, { id: this.#nextId++, answerTo: signal.message }));
        return;
      case 'logged-in':
        if (this.#phase === 'login') this.#subscribeAll();
        return;
      case 'login-refused':
        this.#isFinal = true;
        this.close(`the login was refused: ${signal.reason}`);
        return;
      case 'subscribed':
        handlers.onActive(this.#requests.acknowledge(signal));
        this.#maybeLive();
        return;
      case 'rejected':
        this.#rejected(signal);
        return;
      case 'error':
        handlers.onError(signal.reason);
        this.#isFinal ||= signal.then === 'stop';
        if (signal.then !== 'report') this.close(`the feed says: ${signal.reason}`);
    }
  }

  #rejected(signal: Extract<Signal, { kind: 'rejected' }>): void {
    const { handlers } = this.#options;
    const { rejected, again } = this.#requests.reject(signal);
    if (rejected.length + again.length === 0) {
      handlers.onError(signal.reason);
      return;
    }
    for (const topic of rejected) handlers.onRejected(topic, signal.reason);
    for (const topic of again) this.#subscribe([topic]);
    this.#maybeLive();
  }

  #excuseSilence(): void {
    this.#heardMs = this.#lifeMs = this.#options.clock.monotonicMs();
  }

  /** Looks again and again whether the feed still lives, until the session is over. */
  async #watch(): Promise<void> {
    const { clock, definition } = this.#options;
    const { silenceMs, pingMs, quietMs } = definition.heartbeat;
    const shortest = Math.min(silenceMs, pingMs, definition.subscribe.acknowledgeMs, quietMs || silenceMs);
    const tickMs = Math.min(MAX_TICK_MS, Math.max(MIN_TICK_MS, shortest / 4));
    for (;;) {
      const beforeMs = clock.monotonicMs();
      await clock.sleep(tickMs, this.#over.signal);
      // A process that stood still for so long heard nothing: that is no silence of the feed.
      if (clock.monotonicMs() - beforeMs > tickMs + silenceMs / 2) this.#excuseSilence();
      const dead = this.#deadReason(clock.monotonicMs());
      if (dead !== undefined) {
        this.close(dead);
        return;
      }
      this.#pingWhenDue(clock.monotonicMs());
    }
  }

  #deadReason(nowMs: number): string | undefined {
    const { heartbeat, subscribe, login } = this.#options.definition;
    if (this.#phase === 'connecting' || this.#isPaused) return undefined;
    if (this.#phase === 'login' && login !== undefined && nowMs - this.#phaseMs > login.timeoutMs)
      return `the login was not answered within ${login.timeoutMs / 1000} s`;
    const overdue = this.#requests.overdue(nowMs - subscribe.acknowledgeMs);
    if (overdue.length > 0) {
      const names = overdue.slice(0, SHOWN_TOPICS).map(({ text }) => text);
      const more = overdue.length > SHOWN_TOPICS ? ` and ${overdue.length - SHOWN_TOPICS} more` : '';
      return `the subscription to ${names.join(', ')}${more} was not acknowledged within ${subscribe.acknowledgeMs / 1000} s`;
    }
    if (nowMs - this.#heardMs > heartbeat.silenceMs)
      return `nothing was heard for ${heartbeat.silenceMs / 1000} s`;
    if (heartbeat.quietMs > 0 && nowMs - this.#lifeMs > heartbeat.quietMs)
      return `no event and no heartbeat came for ${heartbeat.quietMs / 1000} s`;
    return undefined;
  }

  #pingWhenDue(nowMs: number): void {
    const { heartbeat } = this.#options.definition;
    if (this.#phase === 'connecting' || nowMs - this.#pingedMs < heartbeat.pingMs) return;
    this.#pingedMs = nowMs;
    if (heartbeat.pingMessage === undefined) this.#socket.ping();
    else this.#sender.send(this.#options.outgoing.message(heartbeat.pingMessage, { id: this.#nextId++ }));
  }
}
