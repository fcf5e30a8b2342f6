import {
  create,
  fromBinary,
  fromJsonString,
  toBinary,
  toJsonString,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import {
  err,
  errorMessage,
  ok,
  type BarBatch,
  type CorporateActionBatch,
  type FundamentalBatch,
  type Header,
  type IndicatorBatch,
  type Result,
  type TickBatch,
} from '@tickwell/domain';
import * as pb from './gen/tickwell/events/v1/market_pb.js';
import { headerFromProto, headerToProto, priceTypeFromProto, priceTypeToProto } from './header-codec.ts';
import {
  readIndicatorMessage,
  writeIndicatorMessage,
  type IndicatorMessage,
  type IndicatorValues,
} from './indicator-wire.ts';
import { readTickBatch, writeTickBatch } from './tick-wire.ts';

/** Why bytes are not the event they should be; `rule` is the id a dead letter carries. */
export interface DecodeError {
  readonly rule: 'malformed-protobuf' | 'missing-header' | 'column-length' | 'unknown-value' | 'empty-batch';
  readonly reason: string;
}

/** Bytes to a message of the given type; malformed bytes are a returned error. */
export function parseMessage<D extends DescMessage>(
  schema: D,
  bytes: Uint8Array,
): Result<MessageShape<D>, DecodeError> {
  try {
    return ok(fromBinary(schema, bytes));
  } catch (cause) {
    return err({ rule: 'malformed-protobuf', reason: `not a ${schema.typeName}: ${errorMessage(cause)}` });
  }
}

/** A message of the given type, from its fields, to bytes. */
export function encodeMessage<D extends DescMessage>(
  schema: D,
  fields: MessageInitShape<D>,
): Uint8Array<ArrayBuffer> {
  return toBinary(schema, create(schema, fields));
}

/** A message in protobuf's JSON form, for columns of text: 64-bit numbers are strings, NaN is "NaN". */
export function messageToJson<D extends DescMessage>(schema: D, message: MessageShape<D>): string {
  return toJsonString(schema, message);
}

/** The opposite of {@link messageToJson}; the error is one line. */
export function messageFromJson<D extends DescMessage>(
  schema: D,
  text: string,
): Result<MessageShape<D>, string> {
  try {
    return ok(fromJsonString(schema, text, { ignoreUnknownFields: true }));
  } catch (cause) {
    return err(`not a ${schema.typeName} as JSON: ${errorMessage(cause)}`);
  }
}

/** By hand: see tick-wire.ts. */
export function encodeTickBatch(batch: TickBatch): Uint8Array<ArrayBuffer> {
  return writeTickBatch(batch);
}

/** `raw`: every event must say its position in the stream. */
export function decodeTickBatch(bytes: Uint8Array, raw: boolean): Result<TickBatch, DecodeError> {
  const batch = readTickBatch(bytes);
  if (batch !== undefined) return checkedTicks(batch, raw);
  const parsed = parseMessage(pb.TickBatchSchema, bytes);
  return parsed.ok ? tickBatchFromProto(parsed.value, raw) : parsed;
}

/** As {@link decodeTickBatch}, of a message that is parsed already (gRPC streams carry the same batches). */
export function tickBatchFromProto(message: pb.TickBatch, raw: boolean): Result<TickBatch, DecodeError> {
  const header = headerFromProto(message.header);
  if (header === undefined) return missingHeader('TickBatch');
  const positions = message.position;
  switch (message.kind.case) {
    case undefined:
      return ok({ kind: 'watermark', header });
    case 'trades':
      return checkedTicks({ kind: 'trades', header, trades: message.kind.value, positions }, raw);
    case 'quotes':
      return checkedTicks({ kind: 'quotes', header, quotes: message.kind.value, positions }, raw);
  }
}

function checkedTicks(batch: TickBatch, raw: boolean): Result<TickBatch, DecodeError> {
  if (batch.kind === 'watermark') return ok(batch);
  const position = raw ? { position: batch.positions } : {};
  if (batch.kind === 'trades') {
    const { timeNs, seq, price, size, conditions, venue } = batch.trades;
    const columns = { required: { seq, price, size, ...position }, optional: { conditions, venue } };
    const wrong = columnError(timeNs.length, columns);
    return wrong === undefined ? ok(batch) : err(wrong);
  }
  const { timeNs, seq, bidPrice, bidSize, askPrice, askSize } = batch.quotes;
  const required = { seq, bidPrice, bidSize, askPrice, askSize, ...position };
  const wrong = columnError(timeNs.length, { required, optional: {} });
  return wrong === undefined ? ok(batch) : err(wrong);
}

export function encodeBarBatch(batch: BarBatch): Uint8Array<ArrayBuffer> {
  return toBinary(
    pb.BarBatchSchema,
    create(pb.BarBatchSchema, {
      header: headerToProto(batch.header),
      interval: batch.interval,
      priceType: priceTypeToProto(batch.priceType),
      bars: create(pb.BarColumnsSchema, batch.bars),
      position: batch.positions,
      partial: batch.partial === true,
      forming: batch.forming === true,
    }),
  );
}

/** As {@link decodeTickBatch}. */
export function decodeBarBatch(bytes: Uint8Array, raw: boolean): Result<BarBatch, DecodeError> {
  const parsed = parseMessage(pb.BarBatchSchema, bytes);
  return parsed.ok ? barBatchFromProto(parsed.value, raw) : parsed;
}

/** As {@link tickBatchFromProto}. */
export function barBatchFromProto(message: pb.BarBatch, raw: boolean): Result<BarBatch, DecodeError> {
  const header = headerFromProto(message.header);
  if (header === undefined) return missingHeader('BarBatch');
  const priceType = priceTypeFromProto(message.priceType);
  if (priceType === undefined)
    return err({ rule: 'unknown-value', reason: `price_type ${message.priceType} is not known` });
  const bars = message.bars;
  if (bars === undefined) return err({ rule: 'empty-batch', reason: 'a BarBatch without bars' });
  const { open, high, low, close, volume, vwap, tradeCount, sessionDate } = bars;
  const wrong = columnError(bars.startNs.length, {
    required: { open, high, low, close, ...(raw ? { position: message.position } : {}) },
    optional: { volume, vwap, tradeCount, sessionDate },
  });
  if (wrong !== undefined) return err(wrong);
  const { interval, position: positions, partial, forming } = message;
  const marks = { ...(partial ? { partial } : {}), ...(forming ? { forming } : {}) };
  return ok({ header, interval, priceType, bars, positions, ...marks });
}

/** What one record holds: specifications over bars of one series, which share header, interval and price type; each has rows. */
export type IndicatorBatches = readonly [IndicatorBatch, ...IndicatorBatch[]];

/** By hand: see indicator-wire.ts. */
export function encodeIndicatorBatches([first, ...others]: IndicatorBatches): Uint8Array<ArrayBuffer> {
  const { startNs } = first;
  const more = others.map((batch) => ({
    ...batch,
    startNs: batch.startNs.length > 0 && isEqual(batch.startNs, startNs) ? [] : batch.startNs,
  }));
  return writeIndicatorMessage({ ...first, priceType: priceTypeToProto(first.priceType), more });
}

/** What {@link encodeIndicatorBatches} wrote: one batch per specification, which share the header. */
export function decodeIndicatorBatches(bytes: Uint8Array): Result<IndicatorBatches, DecodeError> {
  const message = readIndicatorMessage(bytes);
  if (message !== undefined) return checkedIndicators(message, message.header);
  const parsed = parseMessage(pb.IndicatorBatchSchema, bytes);
  return parsed.ok ? indicatorBatchesFromProto(parsed.value) : parsed;
}

/** As {@link tickBatchFromProto}. */
export function indicatorBatchesFromProto(message: pb.IndicatorBatch): Result<IndicatorBatches, DecodeError> {
  const header = headerFromProto(message.header);
  if (header === undefined) return missingHeader('IndicatorBatch');
  return checkedIndicators(message, header);
}

function checkedIndicators(
  message: Omit<IndicatorMessage, 'header'>,
  header: Header,
): Result<IndicatorBatches, DecodeError> {
  const priceType = priceTypeFromProto(message.priceType);
  if (priceType === undefined)
    return err({ rule: 'unknown-value', reason: `price_type ${message.priceType} is not known` });
  const { interval, startNs: shared } = message;
  const batchOf = ({ specId, startNs: own, warm, outputs }: IndicatorValues): IndicatorBatch => {
    const startNs = own.length > 0 ? own : shared;
    return { header, interval, priceType, specId, startNs, warm, outputs };
  };
  const batches: IndicatorBatches = [batchOf(message), ...message.more.map(batchOf)];
  for (const { specId, startNs, warm, outputs } of batches) {
    const columns = Object.fromEntries(outputs.map(({ name, value }) => [name, value]));
    const wrong = columnError(startNs.length, { required: { warm, ...columns }, optional: {} });
    if (wrong !== undefined) return err({ ...wrong, reason: `${specId}: ${wrong.reason}` });
  }
  return ok(batches);
}

function isEqual(a: readonly bigint[], b: readonly bigint[]): boolean {
  return a === b || (a.length === b.length && a.every((value, index) => value === b[index]));
}

export function encodeFundamentalBatch(batch: FundamentalBatch): Uint8Array<ArrayBuffer> {
  return toBinary(
    pb.FundamentalBatchSchema,
    create(pb.FundamentalBatchSchema, {
      header: headerToProto(batch.header),
      items: batch.items.map((item) => create(pb.FundamentalSchema, item)),
    }),
  );
}

export function decodeFundamentalBatch(bytes: Uint8Array): Result<FundamentalBatch, DecodeError> {
  const parsed = parseMessage(pb.FundamentalBatchSchema, bytes);
  if (!parsed.ok) return parsed;
  const header = headerFromProto(parsed.value.header);
  return header === undefined ? missingHeader('FundamentalBatch') : ok({ header, items: parsed.value.items });
}

export function encodeActionBatch(batch: CorporateActionBatch): Uint8Array<ArrayBuffer> {
  return toBinary(
    pb.CorporateActionBatchSchema,
    create(pb.CorporateActionBatchSchema, {
      header: headerToProto(batch.header),
      actions: batch.actions.map((action) =>
        create(pb.CorporateActionSchema, {
          ...action,
          kind: action.kind === 'split' ? pb.CorporateActionKind.SPLIT : pb.CorporateActionKind.DIVIDEND,
        }),
      ),
    }),
  );
}

export function decodeActionBatch(bytes: Uint8Array): Result<CorporateActionBatch, DecodeError> {
  const parsed = parseMessage(pb.CorporateActionBatchSchema, bytes);
  if (!parsed.ok) return parsed;
  const header = headerFromProto(parsed.value.header);
  if (header === undefined) return missingHeader('CorporateActionBatch');
  const actions: CorporateActionBatch['actions'][number][] = [];
  for (const action of parsed.value.actions) {
    const { kind, ...rest } = action;
    if (kind !== pb.CorporateActionKind.SPLIT && kind !== pb.CorporateActionKind.DIVIDEND) {
      return err({ rule: 'unknown-value', reason: `corporate action kind ${kind} is not known` });
    }
    actions.push({ ...rest, kind: kind === pb.CorporateActionKind.SPLIT ? 'split' : 'dividend' });
  }
  return ok({ header, actions });
}

function missingHeader(type: string): { readonly ok: false; readonly error: DecodeError } {
  return err({ rule: 'missing-header', reason: `a ${type} without header or cause` });
}

interface ColumnSet {
  readonly required: Readonly<Record<string, readonly unknown[]>>;
  readonly optional: Readonly<Record<string, readonly unknown[]>>;
}

/** Every required column is as long as the first, an optional one may be empty. */
function columnError(rows: number, columns: ColumnSet): DecodeError | undefined {
  for (const [name, values] of Object.entries(columns.required)) {
    if (values.length !== rows)
      return { rule: 'column-length', reason: `column ${name} has ${values.length} of ${rows} entries` };
  }
  for (const [name, values] of Object.entries(columns.optional)) {
    if (values.length !== rows && values.length !== 0) {
      return {
        rule: 'column-length',
        reason: `optional column ${name} has ${values.length} of ${rows} entries`,
      };
    }
  }
  return undefined;
}
