import { create } from '@bufbuild/protobuf';
import { metrics, type ObservableGauge } from '@opentelemetry/api';
import { events, queryV1 } from '@tickwell/contracts';
import { errorMessage } from '@tickwell/domain';
import type { Logger } from '@tickwell/ports';
import type { SourceCalls } from './source-calls.ts';

/** Sources that metrics name; of more the first by name. */
const MAX_SOURCES = 200;
/** A scrape asks the store this often at most. */
const MAX_AGE_MS = 60_000;
const NS_PER_SECOND = 1e9;

const GAUGES = {
  tickwell_source_state: 'Whether the source is in the state: 1',
  tickwell_source_newest_event_age_seconds: 'Age of the newest event of the source',
  tickwell_source_series: 'Series of the source by freshness',
  tickwell_source_availability_ratio:
    'Share of the watched time of the last 24 hours in which the source was up',
  tickwell_source_outages: 'How often the source turned down in the last 24 hours',
  tickwell_source_error_ratio: 'Dead-lettered events by received ones in the last 24 hours',
  tickwell_source_completeness_ratio: 'Bars of the last 24 hours that are there by those that calendars want',
} as const;

type GaugeName = keyof typeof GAUGES;

interface Observation {
  readonly gauge: GaugeName;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** What is told of sources; nothing of what has never been there. By source, never by symbol. */
export function observationsOf(report: queryV1.SourceReport, nowNs: bigint): readonly Observation[] {
  const { source, state, availability, errorRate, completeness, outages, freshness } = report;
  const of = (gauge: GaugeName, value: number | undefined, labels = {}): Observation[] =>
    value === undefined ? [] : [{ gauge, value, labels: { source, ...labels } }];
  const newestNs = freshness.reduce((max, one) => (one.newestEventNs > max ? one.newestEventNs : max), 0n);
  const ageSeconds = newestNs === 0n ? undefined : Number(nowNs - newestNs) / NS_PER_SECOND;
  return [
    ...(state === events.SourceState.UNSPECIFIED
      ? []
      : of('tickwell_source_state', 1, { state: events.SourceState[state].toLowerCase() })),
    ...of('tickwell_source_newest_event_age_seconds', ageSeconds),
    ...freshness.flatMap((one) =>
      of('tickwell_source_series', Number(one.series), {
        state: queryV1.FreshnessState[one.state].toLowerCase(),
      }),
    ),
    ...of('tickwell_source_availability_ratio', availability),
    ...(availability === undefined ? [] : of('tickwell_source_outages', outages)),
    ...of('tickwell_source_error_ratio', errorRate),
    ...of('tickwell_source_completeness_ratio', completeness?.share),
  ];
}

/** Gauges of the process's meter, filled when they are read. The returned function ends it. */
export function observeSources(parts: {
  readonly sources: Pick<SourceCalls, 'getSourceStatus'>;
  readonly logger: Logger;
  readonly nowNs: () => bigint;
}): () => void {
  const { sources, logger, nowNs } = parts;
  const meter = metrics.getMeter('tickwell.quality');
  const gauges = new Map<GaugeName, ObservableGauge>();
  for (const name of namesOf(GAUGES))
    gauges.set(name, meter.createObservableGauge(name, { description: GAUGES[name] }));
  const stop = new AbortController();
  const request = create(queryV1.GetSourceStatusRequestSchema, {
    limit: MAX_SOURCES,
    withCompleteness: true,
  });
  let last: { readonly atMs: number; readonly reports: readonly queryV1.SourceReport[] } | undefined;
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = async (result) => {
    try {
      if (last === undefined || performance.now() - last.atMs >= MAX_AGE_MS) {
        const { sources: reports } = await sources.getSourceStatus(request, { signal: stop.signal });
        last = { atMs: performance.now(), reports };
      }
      for (const report of last.reports)
        for (const { gauge, value, labels } of observationsOf(report, nowNs())) {
          const instrument = gauges.get(gauge);
          if (instrument !== undefined) result.observe(instrument, value, labels);
        }
    } catch (error) {
      if (!stop.signal.aborted)
        logger.warn({ err: error }, `sources are not measured: ${errorMessage(error)}`);
    }
  };
  const observed = [...gauges.values()];
  meter.addBatchObservableCallback(observe, observed);
  return () => {
    stop.abort();
    meter.removeBatchObservableCallback(observe, observed);
  };
}

function namesOf<K extends string>(of: Readonly<Record<K, string>>): readonly K[] {
  // A record of literal keys has no others.
  return Object.keys(of).filter((name): name is K => Object.hasOwn(of, name));
}
