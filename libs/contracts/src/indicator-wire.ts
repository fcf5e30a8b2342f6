import type { Header, IndicatorBatch } from '@tickwell/domain';
import { LEN, readHeader, tagOf, unusual, writeHeader } from './header-wire.ts';
import { ForwardReader, UnusualLayout } from './wire-reader.ts';
import { BackwardWriter } from './wire-writer.ts';

/*
 * IndicatorBatch (market.proto) by hand, as the ticks are: a minute's close of ten thousand symbols is as many of them, with twenty specifications each.
 */

const VARINT = 0;

const writer = new BackwardWriter();

export interface IndicatorValues {
  readonly specId: string;
  /** Empty in `more`: that of the batch. */
  readonly startNs: bigint[];
  readonly warm: boolean[];
  readonly outputs: IndicatorBatch['outputs'];
}

/** As on the wire. */
export interface IndicatorMessage extends IndicatorValues {
  readonly header: Header;
  readonly interval: string;
  /** The number of the enum. */
  readonly priceType: number;
  readonly more: readonly IndicatorValues[];
}

/** The same bytes as protobuf-es'. @throws RangeError where a number does not fit its type. */
export function writeIndicatorMessage(message: IndicatorMessage): Uint8Array<ArrayBuffer> {
  writer.reset();
  const { more } = message;
  for (let index = more.length - 1; index >= 0; index -= 1) {
    const end = writer.mark;
    const values = more[index];
    if (values !== undefined) writeValues(values, 1);
    writer.nested(8, end);
  }
  writeValues(message, 4);
  writer.uint32(3, message.priceType);
  writer.text(2, message.interval);
  writeHeader(writer, message.header);
  return writer.finish();
}

/** Fields of values, which stand in the same order in both messages, from number `first` on. */
function writeValues({ specId, startNs, warm, outputs }: IndicatorValues, first: number): void {
  for (let index = outputs.length - 1; index >= 0; index -= 1) {
    const end = writer.mark;
    writer.doubleColumn(2, outputs[index]?.value ?? []);
    writer.text(1, outputs[index]?.name ?? '');
    writer.nested(first + 3, end);
  }
  writer.boolColumn(first + 2, warm);
  writer.fixed64Column(first + 1, startNs);
  writer.text(first, specId);
}

/** The message, columns unchecked; undefined: let protobuf-es decode it, or say what is wrong with it. */
export function readIndicatorMessage(bytes: Uint8Array): IndicatorMessage | undefined {
  try {
    return readMessage(new ForwardReader(bytes));
  } catch (error) {
    if (error instanceof UnusualLayout) return undefined;
    throw error;
  }
}

function readMessage(reader: ForwardReader): IndicatorMessage | undefined {
  let header: Header | undefined;
  let interval = '';
  let priceType = 0;
  const values = emptyValues();
  const more: IndicatorValues[] = [];
  let last = 0;
  for (let tag = reader.tag(); tag !== -1; tag = reader.tag()) {
    const repeats = tag === tagOf(7, LEN) || tag === tagOf(8, LEN);
    if (tag < last || (tag === last && !repeats)) return undefined;
    last = tag;
    if (tag === tagOf(1, LEN)) header = reader.nested(() => readHeader(reader));
    else if (tag === tagOf(2, LEN)) interval = reader.text();
    else if (tag === tagOf(3, VARINT)) priceType = reader.uint32();
    else if (tag === tagOf(8, LEN)) more.push(reader.nested(() => readMore(reader)));
    else readValue(reader, tag, 4, values);
  }
  return header === undefined ? undefined : { header, interval, priceType, ...values, more };
}

function readMore(reader: ForwardReader): IndicatorValues {
  const values = emptyValues();
  let last = 0;
  for (let tag = reader.tag(); tag !== -1; tag = reader.tag()) {
    if (tag < last || (tag === last && tag !== tagOf(4, LEN))) throw unusual();
    last = tag;
    readValue(reader, tag, 1, values);
  }
  return values;
}

function readValue(
  reader: ForwardReader,
  tag: number,
  first: number,
  values: ReturnType<typeof emptyValues>,
): void {
  if (tag === tagOf(first, LEN)) values.specId = reader.text();
  else if (tag === tagOf(first + 1, LEN)) values.startNs = reader.fixed64Column();
  else if (tag === tagOf(first + 2, LEN)) values.warm = reader.boolColumn();
  else if (tag === tagOf(first + 3, LEN)) values.outputs.push(reader.nested(() => readOutput(reader)));
  else throw unusual();
}

function readOutput(reader: ForwardReader): { name: string; value: number[] } {
  const output: { name: string; value: number[] } = { name: '', value: [] };
  let last = 0;
  for (let tag = reader.tag(); tag !== -1; tag = reader.tag()) {
    if (tag <= last) throw unusual();
    last = tag;
    if (tag === tagOf(1, LEN)) output.name = reader.text();
    else if (tag === tagOf(2, LEN)) output.value = reader.doubleColumn();
    else throw unusual();
  }
  return output;
}

function emptyValues(): {
  specId: string;
  startNs: bigint[];
  warm: boolean[];
  outputs: { name: string; value: number[] }[];
} {
  return { specId: '', startNs: [], warm: [], outputs: [] };
}
