import type { PriceBasis } from '@tickwell/domain';
import type { Path } from './path.ts';
import type { TimeUnit } from './values.ts';

export const SERIES = ['trades', 'quotes', 'bars'] as const;
export type Series = (typeof SERIES)[number];

/** What a feed offers under one name: the trades, the quotes or the bars of one interval of an instrument. */
export interface Channel {
  readonly series: Series;
  /** As the feed calls it. */
  readonly name: string;
  /** Of bars; "" of other series. */
  readonly interval: string;
}

/** Where a credential is; it is read when a session opens and never logged. */
export type SecretRef =
  { readonly from: 'env'; readonly variable: string } | { readonly from: 'file'; readonly path: string };

/** A condition on a message: a value is one of some, has a part, or is there at all. */
export interface Condition {
  readonly path: Path;
  /** As text; undefined: any value but null. */
  readonly values: ReadonlySet<string> | undefined;
  /** Instead of values: a part of the text. */
  readonly part: string | undefined;
}

/** Where a value of an event comes from. */
export interface Field {
  readonly path: Path | undefined;
  /** Instead of a path. */
  readonly constant: string | number | undefined;
  /** Instead of a path, of times: when the message came. */
  readonly isReceived: boolean;
  readonly unit: TimeUnit;
  /** What the feed's values mean. */
  readonly values: ReadonlyMap<string, string> | undefined;
  readonly scale: number;
  readonly isAbsolute: boolean;
  /** In place of a value that is not there. */
  readonly missing: number | undefined;
}

/** Numbers that a feed counts up: `one` leaves none out, `increasing` may. */
export type SequenceStep = 'one' | 'increasing';

export interface Sequence {
  readonly path: Path;
  readonly step: SequenceStep;
}

/** The numbers of a route: each symbol has its own, or all of the channel share one count (per connection). */
export interface RouteSequence extends Sequence {
  readonly scope: 'symbol' | 'channel';
  readonly onGap: 'report' | 'resubscribe';
}

export type EventFields = Readonly<Record<string, Field>>;

interface RouteBase {
  readonly match: readonly Condition[];
  /** How problems name it. */
  readonly name: string;
}

export interface EventRoute extends RouteBase {
  readonly as: Series;
  /** Of a message with several events: the list of them. */
  readonly each: Path | undefined;
  readonly symbol: Path;
  readonly fields: EventFields;
  /** Of bars; "" of other series. */
  readonly interval: string;
  readonly sequence: RouteSequence | undefined;
  /** The state at the beginning of a subscription: what is known of it is left out. Empty: never. */
  readonly snapshot: readonly Condition[];
}

export interface SignalRoute extends RouteBase {
  readonly as: 'subscribed' | 'rejected' | 'logged-in' | 'login-refused' | 'heartbeat' | 'error' | 'ignored';
  /** Of subscribed and rejected: which topics, and else which request. */
  readonly topic: Path | undefined;
  readonly id: Path | undefined;
  /** What a person is told. */
  readonly reason: readonly Path[];
  /** Of errors. */
  readonly then: 'report' | 'reconnect' | 'stop';
  /** What is sent back, a template. */
  readonly reply: unknown;
}

export type Route = EventRoute | SignalRoute;

export interface Subscribe {
  /** A template of what one channel of one instrument is called. */
  readonly topic: string;
  /** Templates; without a message topics are part of the URL. */
  readonly message: unknown;
  readonly unsubscribe: unknown;
  readonly maxTopicsPerMessage: number;
  readonly maxTopicsPerConnection: number;
  readonly acknowledgeMs: number;
}

export interface Heartbeat {
  /** Nothing at all for so long: the connection is dead. */
  readonly silenceMs: number;
  /** No event and no heartbeat message for so long: the subscription is dead. 0: it may be quiet for ever. */
  readonly quietMs: number;
  readonly pingMs: number;
  /** A template; undefined: a control frame. */
  readonly pingMessage: unknown;
  /** Messages that are no JSON and mean that the feed lives. */
  readonly plainTexts: ReadonlySet<string>;
}

export interface Reconnect {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Attempts before the first success, after which the session gives up. */
  readonly attempts: number;
}

/** A feed over WebSocket, as its definition says (docs/websocket-feeds.md). Complete: defaults are filled in. */
export interface WebsocketDefinition {
  /** Source of its events. */
  readonly name: string;
  readonly description: string;
  /** A symbol that has data, for `source check`; "": none. */
  readonly example: string;
  /** A template; so are the headers. */
  readonly url: string;
  readonly topicSeparator: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly secrets: ReadonlyMap<string, SecretRef>;
  readonly priceBasis: PriceBasis;
  readonly channels: readonly Channel[];
  readonly subscribe: Subscribe;
  readonly login: { readonly message: unknown; readonly timeoutMs: number } | undefined;
  /** Over all messages of a connection. */
  readonly sequence: Sequence | undefined;
  readonly routes: readonly Route[];
  readonly heartbeat: Heartbeat;
  readonly reconnect: Reconnect;
  readonly maxMessageBytes: number;
  readonly maxMessagesPerSecond: number;
}

export function isEventRoute(route: Route): route is EventRoute {
  return route.as === 'trades' || route.as === 'quotes' || route.as === 'bars';
}
