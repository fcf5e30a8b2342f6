/** One sample of Prometheus' text format. */
export interface MetricSample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+\d+)?$/;

/** Reads what /metrics answers; lines that are none are left out. */
export function parseMetrics(text: string): readonly MetricSample[] {
  return text.split('\n').flatMap((line) => {
    const match = line.startsWith('#') ? null : LINE.exec(line.trim());
    const value = Number(match?.[3]);
    if (match?.[1] === undefined || Number.isNaN(value)) return [];
    return [{ name: match[1], labels: match[2] ?? '', value }];
  });
}

/** Sum of a metric over its labels; undefined where the service has none of that name yet. */
export function sumOf(samples: readonly MetricSample[], name: string): number | undefined {
  // The exporter marks counters with a suffix.
  const found = samples.filter((sample) => sample.name === name || sample.name === `${name}_total`);
  return found.length === 0 ? undefined : found.reduce((sum, sample) => sum + sample.value, 0);
}
