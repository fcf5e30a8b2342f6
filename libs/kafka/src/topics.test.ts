import { TOPICS } from '@tickwell/contracts';
import { expect, it } from 'vitest';
import { topicSpec } from './fixtures/real.ts';
import { topicConfig } from './topics.ts';

function segmentMs(spec: Parameters<typeof topicConfig>[0]): string | undefined {
  return topicConfig(spec).configEntries?.find(({ name }) => name === 'segment.ms')?.value;
}

it('cuts a topic of short retention into segments that are shorter still: Kafka deletes whole ones', () => {
  expect(segmentMs(TOPICS.barsForming)).toBe('900000');
  expect(segmentMs(topicSpec({ retentionMs: 1_000 }))).toBe('60000');
});

it('leaves the segments of other topics as they are', () => {
  expect(segmentMs(topicSpec({ retentionMs: 86_400_000 }))).toBeUndefined();
  expect(segmentMs(topicSpec({ retentionMs: null }))).toBeUndefined();
  expect(segmentMs(topicSpec({ cleanup: 'compact', retentionMs: null }))).toBe('600000');
});
