import { describe, expect, it } from 'vitest';
import { parseMetrics, sumOf } from './metrics.ts';
import { statusLines } from './render.ts';

const TEXT = `# HELP tickwell_storage_rows_total Rows stored and visible
# TYPE tickwell_storage_rows_total counter
tickwell_storage_rows_total{topic="md.ticks",otel_scope_name="tickwell.storage"} 12 1700000000000
tickwell_storage_rows_total{topic="md.bars"} 3.5e1
tickwell_process_resident_bytes 1048576
broken line {
`;

describe('metrics', () => {
  it('are read with labels, exponents and timestamps; what is none is left out', () => {
    expect(parseMetrics(TEXT)).toHaveLength(3);
    expect(sumOf(parseMetrics(TEXT), 'tickwell_storage_rows')).toBe(47);
    expect(sumOf(parseMetrics(TEXT), 'tickwell_process_resident_bytes')).toBe(1_048_576);
    expect(sumOf(parseMetrics(TEXT), 'tickwell_storage')).toBeUndefined();
  });
});

describe('statusLines', () => {
  it('has a line per part, and why one is not ready', () => {
    const lines = statusLines(
      {
        ok: false,
        state: 'ready',
        pid: 1,
        uptimeMs: 5_000,
        parts: [
          { part: 'kafka', state: 'ready', reason: '' },
          {
            part: 'storage-1',
            state: 'not-ready',
            reason: 'QuestDB does not answer',
            pid: 7,
            uptimeMs: 5_000,
            restarts: 2,
            lag: 1_200,
            perSecond: 0,
            unit: 'rows',
            total: 47,
            residentBytes: 1_048_576,
          },
        ],
      },
      (_style, text) => text,
    );
    expect(lines[1]).toBe('kafka      ready');
    expect(lines[2]).toMatch(
      /^storage-1 +not-ready +7 +5\.0 s +2 +1,200 +0\/s +47 rows +1\.0 MiB +QuestDB does not answer$/,
    );
  });
});
