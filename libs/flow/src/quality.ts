import { encodeMessage, events, headerToProto, TOPICS } from '@tickwell/contracts';
import type { Header } from '@tickwell/domain';
import type { Output } from './processor.ts';

/** Something odd about events that went through, or that left something out. */
export interface Finding {
  readonly rule: string;
  /** One line for a person. */
  readonly message: string;
  /** Span of event time it concerns. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Position in the stream of the source, where there is one. */
  readonly position?: bigint;
}

type QualityContent = NonNullable<
  Parameters<typeof encodeMessage<typeof events.QualityEventSchema>>[1]['event']
>;

/** A record of md.quality about one series; the kind is that of the input ("trades", "bars", ...). */
export function qualityEvent(key: string, header: Header, kind: string, event: QualityContent): Output {
  return {
    topic: TOPICS.quality.name,
    key,
    type: TOPICS.quality.type,
    source: header.source,
    encode: (cause) =>
      encodeMessage(events.QualityEventSchema, {
        header: headerToProto({ ...header, cause, watermarkNs: 0n }),
        kind,
        event,
      }),
  };
}

export function qualityFinding(key: string, header: Header, kind: string, finding: Finding): Output {
  const { rule, message, startNs, endNs, position } = finding;
  const severity = events.Severity.WARNING;
  return qualityEvent(key, header, kind, {
    case: 'finding',
    value: { rule, severity, message, startNs, endNs, ...(position === undefined ? {} : { position }) },
  });
}
