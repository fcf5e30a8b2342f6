import { create } from '@bufbuild/protobuf';
import {
  contentType,
  encodeMessage,
  events,
  HEADER_CONTENT_TYPE,
  HEADER_SOURCE,
  HEADER_STREAM_NAME,
  HEADER_TRACEPARENT,
  headerFromProto,
  headerToProto,
  parseMessage,
  TOPICS,
} from '@tickwell/contracts';
import { err, ok, type Header, type Result } from '@tickwell/domain';
import type { LogRecord, NewRecord } from '@tickwell/ports';

/** A request with the hole that it is about. */
export interface RepairRequest {
  readonly policy: string;
  readonly requestId: string;
  readonly source: string;
  readonly symbol: string;
  readonly kind: string;
  readonly interval: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly hole: events.Hole;
  /** Of the hole. */
  readonly header: Header;
  readonly asked: events.HoleRequest;
}

/** What came of asking a source. */
export interface RepairAnswer {
  /** Events that it brought. */
  readonly count: number;
  /** Streams that brought them; "": none. */
  readonly stream: string;
  /** One line for people. */
  readonly text: string;
  /** The source will say the same again. */
  readonly isFinal: boolean;
}

/** The error is one line. */
export function readRequest({ value }: LogRecord): Result<RepairRequest, string> {
  if (value === null) return err('it has no value');
  const parsed = parseMessage(events.IngestRequestSchema, value);
  if (!parsed.ok) return err(parsed.error.reason);
  const request = parsed.value;
  const { hole, policy, requestId, source, symbol, kind, interval, startNs, endNs } = request;
  const header = headerFromProto(hole?.header);
  const asked = hole?.request;
  if (hole === undefined || header === undefined || asked === undefined)
    return err('it does not say which hole it is about');
  if (requestId === '' || source === '' || symbol === '') return err('it names no id, source or symbol');
  if (startNs < 0n || startNs >= endNs) return err(`the span from ${startNs} to ${endNs} is none`);
  const of = { policy, requestId, source, symbol, kind, interval, startNs, endNs };
  return ok({ ...of, hole, header, asked });
}

/** The next step of the hole: what came of the request. The same request has the same step, so that of two answers one counts. */
export function answerRecord(
  request: RepairRequest,
  answer: RepairAnswer,
  of: { readonly nowNs: bigint; readonly traceparent: string },
): NewRecord {
  const { hole, header, asked, source, symbol, requestId } = request;
  const step = hole.step + 1;
  const value = encodeMessage(events.HoleSchema, {
    ...hole,
    header: headerToProto({
      ...header,
      knownAtNs: of.nowNs,
      cause: { origin: header.cause.origin, n: BigInt(step), k: 0 },
    }),
    step,
    events: hole.events + BigInt(answer.count),
    request: {
      ...asked,
      requestId,
      source,
      answeredAtNs: of.nowNs,
      answer: answer.text,
      final: answer.isFinal,
      stream: answer.stream,
    },
    // Whoever brought something last; when all of it is there is for others to see.
    ...(answer.count === 0
      ? {}
      : { repair: create(events.HoleRepairSchema, { source, stream: answer.stream, requestId }) }),
  });
  return {
    topic: TOPICS.rawHoles.name,
    key: symbol,
    value,
    headers: {
      [HEADER_CONTENT_TYPE]: contentType(TOPICS.rawHoles.type),
      [HEADER_SOURCE]: header.source,
      [HEADER_TRACEPARENT]: of.traceparent,
      [HEADER_STREAM_NAME]: `repair of ${symbol}`,
    },
  };
}
