import { encodeMessage, events, headerToProto, TOPICS } from '@tickwell/contracts';
import type { Header } from '@tickwell/domain';
import type { Output } from '@tickwell/flow';
import type { Counts, Finding } from '@tickwell/validation';

/** Says what is odd about events that went through. */
export function qualityFinding(key: string, header: Header, kind: string, finding: Finding): Output {
  const { rule, message, startNs, endNs, position } = finding;
  const severity = events.Severity.WARNING;
  return qualityEvent(key, header, kind, {
    case: 'finding',
    value: { rule, severity, message, startNs, endNs, position },
  });
}

/** Reports counts, which then wait for the next ones. */
export function qualityCounts(key: string, header: Header, kind: string, counts: Counts): Output {
  counts.unreported = 0;
  return qualityEvent(key, header, kind, {
    case: 'counts',
    value: {
      received: BigInt(counts.received),
      accepted: BigInt(counts.accepted),
      deadLettered: BigInt(counts.deadLettered),
      duplicates: BigInt(counts.duplicates),
    },
  });
}

type QualityContent = NonNullable<
  Parameters<typeof encodeMessage<typeof events.QualityEventSchema>>[1]['event']
>;

function qualityEvent(key: string, header: Header, kind: string, event: QualityContent): Output {
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
