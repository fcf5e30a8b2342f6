import {
  ALL_TOPICS,
  decodeBarBatch,
  decodeIndicatorBatches,
  decodeTickBatch,
  events,
  HEADER_CONTENT_TYPE,
  parseContentType,
  parseMessage,
  peekHeader,
  recordToJson,
  type DecodeError,
} from '@tickwell/contracts';
import { err, formatNs, ok, type Result } from '@tickwell/domain';
import type { LogRecord } from '@tickwell/ports';
import { formatCount } from '../format/numbers.ts';

const MAX_TEXT = 400;
const EVENTS = 'tickwell.events.v1';

/** A record on one line for people: when, where, whose, and what its batch holds. Malformed records say so. */
export function recordText(record: LogRecord): string {
  const { topic, partition, offset, key, timestampMs } = record;
  const place = `${topic}/${partition}@${offset}`;
  const content = recordContent(record);
  const text = content.ok ? content.value : `MALFORMED (${content.error.rule}): ${content.error.reason}`;
  return `${new Date(timestampMs).toISOString()} ${place} ${key ?? '(no key)'} ${text}`;
}

/** A record as one line of JSON, with its value decoded by the type its content-type names. */
export function recordJson(record: LogRecord): string {
  const { topic, partition, offset, key, headers, timestampMs, value } = record;
  const base = {
    topic,
    partition,
    offset: Number(offset),
    time: new Date(timestampMs).toISOString(),
    key,
    headers,
  };
  if (value === null) return JSON.stringify({ ...base, value: null });
  const type = typeOf(record);
  const decoded = type.ok ? recordToJson(type.value, value) : type;
  return JSON.stringify(
    decoded.ok
      ? { ...base, value: decoded.value }
      : { ...base, malformed: decoded.error, base64: Buffer.from(value).toString('base64') },
  );
}

/** Whether a record is about a symbol: by its key, else by its header. */
export function isAbout(record: LogRecord, symbol: string): boolean {
  if (record.key === symbol) return true;
  return record.value !== null && peekHeader(record.value)?.symbol === symbol;
}

/** As its content-type says; state, which nobody else writes, may leave it to the catalogue. */
function typeOf({ headers, topic }: LogRecord): Result<string, DecodeError> {
  const header = headers[HEADER_CONTENT_TYPE];
  const state = ALL_TOPICS.find(({ name, cleanup }) => name === topic && cleanup === 'compact');
  if (header === undefined && state !== undefined) return ok(state.type);
  const type = parseContentType(header);
  return type.ok ? type : err({ rule: 'unknown-value', reason: type.error });
}

function recordContent(record: LogRecord): Result<string, DecodeError> {
  const { value, topic } = record;
  if (value === null) return ok('deleted');
  const type = typeOf(record);
  if (!type.ok) return type;
  switch (type.value) {
    case `${EVENTS}.TickBatch`:
      return tickText(value, topic.startsWith('md.raw.'));
    case `${EVENTS}.BarBatch`:
      return barText(value, topic.startsWith('md.raw.'));
    case `${EVENTS}.IndicatorBatch`:
      return indicatorText(value);
    case `${EVENTS}.DeadLetter`:
      return deadLetterText(value);
    default: {
      const json = recordToJson(type.value, value);
      return json.ok ? ok(JSON.stringify(json.value).slice(0, MAX_TEXT)) : json;
    }
  }
}

function tickText(value: Uint8Array, raw: boolean): Result<string, DecodeError> {
  const decoded = decodeTickBatch(value, raw);
  if (!decoded.ok) return decoded;
  const batch = decoded.value;
  const { source, watermarkNs } = batch.header;
  switch (batch.kind) {
    case 'watermark':
      return ok(`${source} watermark ${formatNs(watermarkNs)}`);
    case 'trades': {
      const { timeNs, price, size } = batch.trades;
      return ok(`${source} ${span('trades', timeNs)} last ${price.at(-1)} x ${size.at(-1)}`);
    }
    case 'quotes': {
      const { timeNs, bidPrice, askPrice } = batch.quotes;
      return ok(`${source} ${span('quotes', timeNs)} last ${bidPrice.at(-1)} / ${askPrice.at(-1)}`);
    }
  }
}

function barText(value: Uint8Array, raw: boolean): Result<string, DecodeError> {
  const decoded = decodeBarBatch(value, raw);
  if (!decoded.ok) return decoded;
  const { header, interval, bars } = decoded.value;
  const { startNs, open, high, low, close } = bars;
  const last = [open, high, low, close].map((column) => column.at(-1)).join(' ');
  return ok(`${header.source} ${span(`bars ${interval}`, startNs)} last ${last}`);
}

function indicatorText(value: Uint8Array): Result<string, DecodeError> {
  const decoded = decodeIndicatorBatches(value);
  if (!decoded.ok) return decoded;
  const texts = decoded.value.map(({ interval, specId, startNs, outputs }) => {
    const last = outputs.map((output) => `${output.name} ${output.value.at(-1)}`).join(', ');
    return `${span(`${specId} ${interval}`, startNs)} last ${last}`;
  });
  return ok(`${decoded.value[0].header.source} ${texts.join('; ')}`);
}

function deadLetterText(value: Uint8Array): Result<string, DecodeError> {
  const parsed = parseMessage(events.DeadLetterSchema, value);
  if (!parsed.ok) return parsed;
  const { header, rule, reason, topic, partition, offset } = parsed.value;
  return ok(`${header?.source ?? ''} refused by ${rule}: ${reason} [${topic}/${partition}@${offset}]`);
}

function span(what: string, times: readonly bigint[]): string {
  const [first] = times;
  const last = times.at(-1);
  if (first === undefined || last === undefined) return `${what} (none)`;
  const when = first === last ? formatNs(first) : `${formatNs(first)} to ${formatNs(last)}`;
  return `${formatCount(times.length)} ${what} ${when}`;
}
