import { err, errorMessage, JsonFields, parseInterval, type Result } from '@tickwell/domain';
import {
  SERIES,
  type Channel,
  type Heartbeat,
  type Reconnect,
  type SecretRef,
  type Sequence,
  type Subscribe,
  type WebsocketDefinition,
} from './definition.ts';
import { entriesOf, inner, innerOf, ranged, requiredPath, seconds } from './definition-parts.ts';
import { readRoutes } from './read-routes.ts';
import { placeholdersOf } from './template.ts';

const KIB = 1024;
const MIB = KIB * KIB;
const HOUR_SECONDS = 3600;
const MAX_CHANNELS = 100;
/** As names of other providers are. */
const NAME = /^[a-z0-9-]{1,32}$/;

/** Parses a definition. Every mistake at once, each with its path in the definition; `where` names it. */
export function parseWebsocketDefinition(
  text: string,
  where: string,
): Result<WebsocketDefinition, readonly string[]> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return err([`${where} is no JSON: ${errorMessage(cause)}`]);
  }
  return readWebsocketDefinition(value, where);
}

/** Reads a definition that is parsed already. */
export function readWebsocketDefinition(
  value: unknown,
  where: string,
): Result<WebsocketDefinition, readonly string[]> {
  const fields = new JsonFields(value, where);
  if (fields.take('type') !== 'websocket') fields.problem('type', 'must be websocket');
  const name = fields.requiredText('name');
  if (name !== '' && !NAME.test(name))
    fields.problem('name', 'must be 1 to 32 of a-z, 0-9 and -: it is the source of the events');
  const secrets = readSecrets(fields, where);
  const definition: WebsocketDefinition = {
    name,
    description: fields.text('description') ?? '',
    example: fields.text('example') ?? '',
    url: readUrl(fields),
    topicSeparator: fields.text('topicSeparator') ?? ',',
    headers: readHeaders(fields),
    secrets,
    priceBasis: fields.choice('priceBasis', ['raw', 'split-adjusted', 'all', 'unspecified']) ?? 'raw',
    channels: readChannels(fields, where),
    subscribe: inner(fields, 'subscribe', where, readSubscribe) ?? NO_SUBSCRIBE,
    login: inner(fields, 'login', where, (of) => ({
      message: required(of, 'message'),
      timeoutMs: seconds(of, 'timeoutSeconds', { min: 0.1, max: 300, fallback: 10 }),
    })),
    sequence: inner(fields, 'sequence', where, readSequence),
    routes: readRoutes(fields, where),
    heartbeat: inner(fields, 'heartbeat', where, readHeartbeat) ?? DEFAULT_HEARTBEAT,
    reconnect: inner(fields, 'reconnect', where, readReconnect) ?? DEFAULT_RECONNECT,
    ...readLimits(fields, where),
  };
  checkTogether(fields, definition);
  return fields.finish(definition);
}

function readUrl(fields: JsonFields): string {
  const url = fields.requiredText('url');
  if (url !== '' && !/^wss?:\/\/[^/\s{}]+/.test(url))
    fields.problem('url', 'must begin with wss:// (or ws://) and a host');
  return url;
}

function readHeaders(fields: JsonFields): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [header, value] of entriesOf(fields, 'headers')) {
    if (typeof value !== 'string' || !/^[A-Za-z0-9-]+$/.test(header))
      fields.problem(`headers.${header}`, 'must be a name of letters, digits and - with a text');
    else headers[header] = value;
  }
  return headers;
}

function readSecrets(fields: JsonFields, where: string): ReadonlyMap<string, SecretRef> {
  const secrets = new Map<string, SecretRef>();
  for (const [name, value] of entriesOf(fields, 'secrets')) {
    const ref = innerOf(fields, value, `${where}.secrets.${name}`, (of): SecretRef => {
      const variable = of.text('env');
      const path = of.text('file');
      if ((variable === undefined) === (path === undefined) && of.problems.length === 0)
        of.problem('env', 'or file is required: where the secret is, never the secret itself');
      return path === undefined ? { from: 'env', variable: variable ?? '' } : { from: 'file', path };
    });
    secrets.set(name, ref);
  }
  return secrets;
}

function readChannels(fields: JsonFields, where: string): readonly Channel[] {
  const list = fields.list('channels');
  if (list === undefined && fields.take('channels') === undefined)
    fields.problem(
      'channels',
      'is required: what can be subscribed, for example [{"kind":"trades","name":"trade"}]',
    );
  if (list !== undefined && (list.length === 0 || list.length > MAX_CHANNELS))
    fields.problem('channels', `must be 1 to ${MAX_CHANNELS}`);
  return (list ?? []).flatMap((value, index) =>
    innerOf(fields, value, `${where}.channels[${index}]`, (of): readonly Channel[] => {
      const series = of.choice('kind', SERIES);
      if (series === undefined && of.take('kind') === undefined)
        of.problem('kind', `is required: one of ${SERIES.join(', ')}`);
      const interval = of.text('interval') ?? '';
      if (series === 'bars' && !parseInterval(interval).ok)
        of.problem('interval', 'is required of bars, for example 1m');
      if (series !== 'bars' && interval !== '') of.problem('interval', 'is of bars only');
      const name = of.requiredText('name');
      return series === undefined ? [] : [{ series, name, interval }];
    }),
  );
}

const NO_SUBSCRIBE: Subscribe = {
  topic: '{symbol}',
  message: undefined,
  unsubscribe: undefined,
  maxTopicsPerMessage: 100,
  maxTopicsPerConnection: 200,
  acknowledgeMs: 10_000,
};

function readSubscribe(fields: JsonFields): Subscribe {
  const count = { min: 1, max: 10_000, whole: true } as const;
  return {
    topic: fields.text('topic') ?? NO_SUBSCRIBE.topic,
    message: fields.take('message'),
    unsubscribe: fields.take('unsubscribe'),
    maxTopicsPerMessage: ranged(fields, 'maxTopicsPerMessage', { ...count, fallback: 100 }),
    maxTopicsPerConnection: ranged(fields, 'maxTopicsPerConnection', { ...count, fallback: 200 }),
    acknowledgeMs: seconds(fields, 'acknowledgeSeconds', { min: 0.1, max: 300, fallback: 10 }),
  };
}

function readSequence(fields: JsonFields): Sequence {
  return {
    path: requiredPath(fields, 'path'),
    step: fields.choice('step', ['one', 'increasing']) ?? 'one',
  };
}

const DEFAULT_HEARTBEAT: Heartbeat = {
  silenceMs: 30_000,
  quietMs: 0,
  pingMs: 10_000,
  pingMessage: undefined,
  plainTexts: new Set(),
};

function readHeartbeat(fields: JsonFields, where: string): Heartbeat {
  const range = { min: 0.1, max: HOUR_SECONDS };
  const ping = inner(fields, 'ping', where, (of) => ({
    everyMs: seconds(of, 'everySeconds', { ...range, fallback: 10 }),
    message: of.take('message'),
  }));
  const texts = fields.list('plainTexts') ?? [];
  if (!texts.every((text) => typeof text === 'string'))
    fields.problem('plainTexts', 'must be a list of texts');
  return {
    silenceMs: seconds(fields, 'silenceSeconds', { ...range, fallback: 30 }),
    quietMs: seconds(fields, 'quietSeconds', { min: 0, max: 24 * HOUR_SECONDS, fallback: 0 }),
    pingMs: ping?.everyMs ?? DEFAULT_HEARTBEAT.pingMs,
    pingMessage: ping?.message,
    plainTexts: new Set(texts.filter((text) => typeof text === 'string')),
  };
}

const DEFAULT_RECONNECT: Reconnect = { firstMs: 500, maxMs: 30_000, attempts: 10 };

function readReconnect(fields: JsonFields): Reconnect {
  const range = { min: 0.01, max: HOUR_SECONDS };
  const firstMs = seconds(fields, 'firstSeconds', { ...range, fallback: 0.5 });
  const maxMs = seconds(fields, 'maxSeconds', { ...range, fallback: 30 });
  if (maxMs < firstMs) fields.problem('maxSeconds', 'must not be below firstSeconds');
  const attempts = ranged(fields, 'attempts', { min: 1, max: 1000, whole: true, fallback: 10 });
  return { firstMs, maxMs, attempts };
}

function readLimits(
  fields: JsonFields,
  where: string,
): Pick<WebsocketDefinition, 'maxMessageBytes' | 'maxMessagesPerSecond'> {
  const limits = inner(fields, 'limits', where, (of) => ({
    maxMessageBytes: ranged(of, 'messageBytes', { min: KIB, max: 64 * MIB, whole: true, fallback: MIB }),
    maxMessagesPerSecond: ranged(of, 'messagesPerSecond', { min: 0.1, max: 1000, fallback: 5 }),
  }));
  return limits ?? { maxMessageBytes: MIB, maxMessagesPerSecond: 5 };
}

function required(fields: JsonFields, name: string): unknown {
  const value = fields.take(name);
  if (value === undefined) fields.problem(name, 'is required');
  return value;
}

const TOPICS = ['topics', 'symbols', 'channel', 'id'];
const TIMES = ['nowMs', 'nowSeconds'];

/** What only the parts together can be wrong about: placeholders, secrets, how topics reach the feed, series without a route. */
function checkTogether(fields: JsonFields, of: WebsocketDefinition): void {
  const { subscribe, secrets, channels, routes } = of;
  const check = (name: string, template: unknown, allowed: readonly string[]): void => {
    for (const placeholder of placeholdersOf(template)) {
      const secret = /^secret:(.*)$/.exec(placeholder)?.[1];
      if (secret !== undefined && !secrets.has(secret))
        fields.problem(name, `uses {secret:${secret}}, which secrets does not name`);
      if (secret === undefined && !allowed.includes(placeholder.replace(/:(?:lower|upper)$/, '')))
        fields.problem(
          name,
          `uses {${placeholder}}; it may use {${[...allowed, 'secret:NAME'].join('}, {')}}`,
        );
    }
  };
  check('url', of.url, ['topics', ...TIMES]);
  for (const [header, value] of Object.entries(of.headers)) check(`headers.${header}`, value, TIMES);
  check('login.message', of.login?.message, [...TIMES, 'id']);
  check('subscribe.message', subscribe.message, [...TOPICS, ...TIMES]);
  check('subscribe.unsubscribe', subscribe.unsubscribe, [...TOPICS, ...TIMES]);
  check('heartbeat.ping.message', of.heartbeat.pingMessage, [...TIMES, 'id']);
  for (const placeholder of placeholdersOf(subscribe.topic))
    if (!['symbol', 'symbol:lower', 'symbol:upper', 'channel'].includes(placeholder))
      fields.problem(
        'subscribe.topic',
        `uses {${placeholder}}; it may use {symbol}, {symbol:lower}, {symbol:upper}, {channel}`,
      );
  const isUrl = placeholdersOf(of.url).includes('topics');
  if ((subscribe.message !== undefined) === isUrl)
    fields.problem(
      'subscribe.message',
      'or {topics} in url is required, one of both: how the feed learns what is wanted',
    );
  for (const { series, interval } of channels)
    if (
      !routes.some(
        (route) =>
          route.as === series &&
          (route.as !== 'bars' || ('interval' in route && route.interval === interval)),
      )
    )
      fields.problem(
        'routes',
        `have none for ${series}${interval === '' ? '' : ` of ${interval}`}, which channels name`,
      );
  const offered = channels.map(({ series, interval }) => `${series} ${interval}`.trim());
  for (const one of new Set(offered.filter((text, index) => offered.indexOf(text) !== index)))
    fields.problem('channels', `name ${one} twice: a series comes from one channel`);
  if (of.login !== undefined && !routes.some((route) => route.as === 'logged-in'))
    fields.problem('routes', 'have none as logged-in: how the feed says that the login was accepted');
}
