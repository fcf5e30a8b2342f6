import { create } from '@bufbuild/protobuf';
import { events, queryV1 } from '@tickwell/contracts';
import { describe, expect, it } from 'vitest';
import { observationsOf } from './quality-metrics.ts';

const T0 = 1_720_000_000_000_000_000n;

describe('metrics of sources', () => {
  it('tell state, age, freshness, availability, errors and completeness by source', () => {
    const report = create(queryV1.SourceReportSchema, {
      source: 'ib',
      state: events.SourceState.DEGRADED,
      availability: 0.5,
      outages: 2,
      errorRate: 0.25,
      freshness: [
        { source: 'ib', state: queryV1.FreshnessState.STALE, series: 3n, newestEventNs: T0 },
        { source: 'ib', state: queryV1.FreshnessState.FRESH, series: 7n, newestEventNs: T0 + 1_000_000_000n },
      ],
      completeness: { share: 0.9 },
    });
    const told = observationsOf(report, T0 + 3_000_000_000n);
    expect(told.map(({ gauge, value, labels }) => [gauge, value, Object.values(labels).join(' ')])).toEqual([
      ['tickwell_source_state', 1, 'ib degraded'],
      ['tickwell_source_newest_event_age_seconds', 2, 'ib'],
      ['tickwell_source_series', 3, 'ib stale'],
      ['tickwell_source_series', 7, 'ib fresh'],
      ['tickwell_source_availability_ratio', 0.5, 'ib'],
      ['tickwell_source_outages', 2, 'ib'],
      ['tickwell_source_error_ratio', 0.25, 'ib'],
      ['tickwell_source_completeness_ratio', 0.9, 'ib'],
    ]);
  });

  it('tell nothing of what was never there', () => {
    expect(observationsOf(create(queryV1.SourceReportSchema, { source: 'derived:x' }), T0)).toEqual([]);
  });
});
