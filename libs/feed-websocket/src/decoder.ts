import { conditionText, meets } from './conditions.ts';
import { isEventRoute, type EventRoute, type SignalRoute, type WebsocketDefinition } from './definition.ts';
import { readEvent, readTicker } from './event-fields.ts';
import type { MarketEvent } from './events.ts';
import { parseMessage } from './message-text.ts';
import { readWhole, show } from './values.ts';

/** An event with what its route says of it. */
export interface Decoded {
  readonly event: MarketEvent;
  readonly route: EventRoute;
  /** The feed's count, where the route has one. */
  readonly number: bigint | undefined;
  /** State at the beginning of a subscription, which may be known. */
  readonly isSnapshot: boolean;
}

/** What a message says that is no event. */
export type Signal =
  | { readonly kind: 'subscribed'; readonly topics: readonly string[]; readonly id: string | undefined }
  | {
      readonly kind: 'rejected';
      readonly topics: readonly string[];
      readonly id: string | undefined;
      readonly reason: string;
    }
  | { readonly kind: 'logged-in' }
  | { readonly kind: 'login-refused'; readonly reason: string }
  | { readonly kind: 'heartbeat'; readonly reply: unknown; readonly message: unknown }
  | { readonly kind: 'error'; readonly reason: string; readonly then: SignalRoute['then'] };

/** A message, or an event in it, that cannot be read. */
export interface Problem {
  readonly rule: string;
  /** What is wrong and where. */
  readonly reason: string;
  /** As the feed calls it; "": the message does not say. */
  readonly ticker: string;
}

export interface DecodeHandler {
  onEvent(decoded: Decoded): void;
  onSignal(signal: Signal): void;
  onProblem(problem: Problem): void;
  /** The connection's count, before what the message holds; false: the message is known and goes no further. */
  onNumber(number: bigint): boolean;
}

const MAX_REASON = 300;

/** Turns messages into events and signals, as a definition says. Keeps nothing. */
export class Decoder {
  readonly #definition: WebsocketDefinition;

  constructor(definition: WebsocketDefinition) {
    this.#definition = definition;
  }

  /** `receivedNs`: when the message came, ns since the epoch. */
  decode(text: string, receivedNs: bigint, handler: DecodeHandler): void {
    const { heartbeat, routes, sequence } = this.#definition;
    if (heartbeat.plainTexts.has(text)) {
      handler.onSignal({ kind: 'heartbeat', reply: undefined, message: text });
      return;
    }
    const parsed = parseMessage(text);
    if (!parsed.ok) {
      handler.onProblem({ rule: 'websocket-not-json', reason: parsed.error, ticker: '' });
      return;
    }
    const message = parsed.value;
    if (sequence !== undefined) {
      const value = sequence.path.read(message, message);
      const number = value === undefined ? undefined : readWhole(value);
      if (number?.ok === false)
        handler.onProblem({ rule: 'websocket-field', reason: `sequence ${number.error}`, ticker: '' });
      if (number?.ok === true && !handler.onNumber(number.value)) return;
    }
    for (const route of routes) {
      if (!meets(route.match, message, message)) continue;
      if (isEventRoute(route)) decodeEvents(route, message, receivedNs, handler);
      else decodeSignal(route, message, handler);
      return;
    }
    const reason = 'is of no kind that the definition knows: add a route, as "ignored" if it is not wanted';
    handler.onProblem({ rule: 'websocket-unmatched', reason, ticker: '' });
  }
}

function decodeEvents(route: EventRoute, message: unknown, receivedNs: bigint, handler: DecodeHandler): void {
  if (route.each === undefined) {
    decodeEvent(route, { message, element: message, receivedNs }, handler);
    return;
  }
  const list = route.each.read(message, message);
  if (!Array.isArray(list)) {
    const reason = `${route.name}: each (${route.each.text}) ${list === undefined ? 'is missing' : `${show(list)} is not a list`}`;
    handler.onProblem({ rule: 'websocket-field', reason, ticker: '' });
    return;
  }
  for (const element of list as readonly unknown[])
    decodeEvent(route, { message, element, receivedNs }, handler);
}

interface Place {
  readonly message: unknown;
  readonly element: unknown;
  readonly receivedNs: bigint;
}

function decodeEvent(route: EventRoute, place: Place, handler: DecodeHandler): void {
  const fail = (problem: string, of: string): void => {
    handler.onProblem({ rule: 'websocket-field', reason: `${route.name}: ${problem}`, ticker: of });
  };
  const ticker = readTicker(route, place);
  if (!ticker.ok) {
    fail(ticker.error, '');
    return;
  }
  const event = readEvent(route, ticker.value, place);
  if (!event.ok) {
    fail(event.error, ticker.value);
    return;
  }
  const { sequence } = route;
  const number =
    sequence === undefined ? undefined : readWhole(sequence.path.read(place.message, place.element));
  if (number?.ok === false) {
    fail(`sequence (${sequence?.path.text ?? ''}) ${number.error}`, ticker.value);
    return;
  }
  const isSnapshot = route.snapshot.length > 0 && meets(route.snapshot, place.message, place.element);
  handler.onEvent({ event: event.value, route, number: number?.value, isSnapshot });
}

function decodeSignal(route: SignalRoute, message: unknown, handler: DecodeHandler): void {
  const reason = (): string => reasonOf(route, message);
  switch (route.as) {
    case 'subscribed':
      handler.onSignal({ kind: 'subscribed', ...answerTo(route, message) });
      return;
    case 'rejected':
      handler.onSignal({ kind: 'rejected', ...answerTo(route, message), reason: reason() });
      return;
    case 'logged-in':
      handler.onSignal({ kind: 'logged-in' });
      return;
    case 'login-refused':
      handler.onSignal({ kind: 'login-refused', reason: reason() });
      return;
    case 'heartbeat':
      handler.onSignal({ kind: 'heartbeat', reply: route.reply, message });
      return;
    case 'error':
      handler.onSignal({ kind: 'error', reason: reason(), then: route.then });
      return;
    case 'ignored':
  }
}

function answerTo(
  route: SignalRoute,
  message: unknown,
): { readonly topics: readonly string[]; readonly id: string | undefined } {
  const topic = route.topic?.read(message, message);
  const topics: readonly unknown[] = topic === undefined ? [] : Array.isArray(topic) ? topic : [topic];
  const id = route.id?.read(message, message);
  return {
    topics: topics.filter((one) => typeof one === 'string'),
    id: id === undefined || id === null ? undefined : conditionText(id),
  };
}

/** The feed's own words, else the message as it came. */
function reasonOf({ reason }: SignalRoute, message: unknown): string {
  const texts = reason
    .map((path) => conditionText(path.read(message, message)))
    .filter((text) => text !== '');
  const text = texts.length === 0 ? JSON.stringify(message) : texts.join(': ');
  return text.replaceAll(/\s+/g, ' ').slice(0, MAX_REASON);
}
