import { parseInterval, type JsonFields } from '@tickwell/domain';
import {
  SERIES,
  type Condition,
  type EventFields,
  type EventRoute,
  type Field,
  type Route,
  type RouteSequence,
  type Series,
  type SignalRoute,
} from './definition.ts';
import { conditionsField, eventField, inner, innerOf, pathField, requiredPath } from './definition-parts.ts';
import { parsePath } from './path.ts';

const SIGNALS = [
  'subscribed',
  'rejected',
  'logged-in',
  'login-refused',
  'heartbeat',
  'error',
  'ignored',
] as const satisfies readonly SignalRoute['as'][];

/** Which fields a series has: those that it must have, then the others. */
const FIELDS: Readonly<Record<Series, readonly [readonly string[], readonly string[]]>> = {
  trades: [
    ['time', 'price', 'size'],
    ['seq', 'side', 'conditions', 'venue'],
  ],
  quotes: [['time'], ['bid', 'bidSize', 'ask', 'askSize', 'seq']],
  bars: [
    ['time', 'open', 'high', 'low', 'close'],
    ['volume', 'vwap', 'tradeCount'],
  ],
};

const MAX_ROUTES = 100;

/** The routes of a definition; a message takes the first that it matches. */
export function readRoutes(fields: JsonFields, where: string): readonly Route[] {
  const list = fields.list('routes');
  if (list === undefined && fields.take('routes') === undefined)
    fields.problem('routes', 'is required: what the messages of the feed are');
  if (list !== undefined && (list.length === 0 || list.length > MAX_ROUTES))
    fields.problem('routes', `must be 1 to ${MAX_ROUTES}`);
  return (list ?? []).flatMap((value, index): Route[] => {
    const name = `routes[${index}]`;
    const route = innerOf(fields, value, `${where}.${name}`, (of, at) => readRoute(of, at, name));
    return route === undefined ? [] : [route];
  });
}

function readRoute(fields: JsonFields, where: string, name: string): Route | undefined {
  const as = fields.choice('as', [...SERIES, ...SIGNALS]);
  const match = conditionsField(fields, 'match');
  if (match.length === 0 && fields.problems.length === 0)
    fields.problem('match', 'is required: conditions such as {"type": "trade"}');
  if (as === undefined) {
    if (fields.take('as') === undefined)
      fields.problem('as', `is required: one of ${[...SERIES, ...SIGNALS].join(', ')}`);
    return undefined;
  }
  const isEvent = SERIES.some((series) => series === as);
  const base = { match, name: `${name} (${as})` };
  return isEvent
    ? readEventRoute(fields, where, as as Series, base)
    : readSignalRoute(fields, as as SignalRoute['as'], base);
}

interface Base {
  readonly match: readonly Condition[];
  readonly name: string;
}

function readEventRoute(fields: JsonFields, where: string, as: Series, base: Base): EventRoute {
  const each = pathField(fields, 'each');
  const symbol = requiredPath(fields, 'symbol');
  const interval = fields.text('interval') ?? '';
  if (as === 'bars' && !parseInterval(interval).ok)
    fields.problem('interval', 'is required of bars: the interval that the feed gives, for example 1m');
  if (as !== 'bars' && interval !== '') fields.problem('interval', 'is of bars only');
  const eventFields = inner(fields, 'fields', where, (of, at) => readFields(of, at, as));
  if (eventFields === undefined) fields.problem('fields', 'is required: where the values of an event are');
  return {
    ...base,
    as,
    each,
    symbol,
    fields: eventFields ?? {},
    interval,
    sequence: inner(fields, 'sequence', where, readRouteSequence),
    snapshot: conditionsField(fields, 'snapshot'),
  };
}

function readFields(fields: JsonFields, where: string, as: Series): EventFields {
  const [required, optional] = FIELDS[as];
  const read: Record<string, Field> = {};
  for (const name of [...required, ...optional]) {
    const field = eventField(fields, name, where);
    if (field !== undefined) read[name] = field;
    else if (required.includes(name)) fields.problem(name, 'is required: a path, or an object with one');
  }
  if (as === 'quotes' && read['bid'] === undefined && read['ask'] === undefined)
    fields.problem('bid', 'or ask is required');
  return read;
}

function readRouteSequence(fields: JsonFields): RouteSequence {
  return {
    path: requiredPath(fields, 'path'),
    step: fields.choice('step', ['one', 'increasing']) ?? 'one',
    scope: fields.choice('scope', ['symbol', 'channel']) ?? 'symbol',
    onGap: fields.choice('onGap', ['report', 'resubscribe']) ?? 'report',
  };
}

function readSignalRoute(fields: JsonFields, as: SignalRoute['as'], base: Base): SignalRoute {
  const isAnswer = as === 'subscribed' || as === 'rejected';
  const topic = isAnswer ? pathField(fields, 'topic') : undefined;
  const id = isAnswer ? pathField(fields, 'id') : undefined;
  const tells = as === 'rejected' || as === 'login-refused' || as === 'error';
  const reason = tells ? readReasons(fields) : [];
  const then = as === 'error' ? fields.choice('then', ['report', 'reconnect', 'stop']) : undefined;
  const reply = as === 'heartbeat' ? fields.take('reply') : undefined;
  return { ...base, as, topic, id, reason, then: then ?? 'report', reply };
}

/** One path or a list of them. */
function readReasons(fields: JsonFields): SignalRoute['reason'] {
  const value = fields.take('reason');
  const texts: readonly unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value];
  return texts.flatMap((text) => {
    const path = typeof text === 'string' ? parsePath(text) : undefined;
    if (path?.ok === true) return [path.value];
    fields.problem('reason', 'must be a path, or a list of paths');
    return [];
  });
}
