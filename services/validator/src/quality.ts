import type { Header } from '@tickwell/domain';
import { qualityEvent, type Output } from '@tickwell/flow';
import type { Counts } from '@tickwell/validation';

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
