import { describe, expect, it } from 'vitest';
import { ALL_TOPICS, TOPICS } from '@tickwell/contracts';
import { CONSUMERS, lagsText, topicLag } from './pipeline.ts';

const topic = (...partitions: [begin: bigint, end: bigint][]): Parameters<typeof topicLag>[0] => ({
  topic: 't',
  epoch: 'e',
  partitions: partitions.map(([beginOffset, endOffset], partition) => ({
    partition,
    beginOffset,
    endOffset,
  })),
});

describe('topicLag', () => {
  it('is what lies between the committed position and the end', () => {
    const committed = new Map([
      ['t/0', 4n],
      ['t/1', 7n],
    ]);
    expect(topicLag(topic([0n, 10n], [0n, 7n]), (place) => committed.get(place))).toBe(6n);
  });

  it('counts from the first record kept where nothing, or less, is committed', () => {
    expect(topicLag(topic([5n, 8n]), () => undefined)).toBe(3n);
    expect(topicLag(topic([5n, 8n]), () => 2n)).toBe(3n);
    expect(topicLag(topic([5n, 5n]), () => undefined)).toBe(0n);
  });

  it('is none for a position beyond the end', () => {
    expect(topicLag(topic([0n, 3n]), () => 9n)).toBe(0n);
  });
});

describe('lagsText', () => {
  it('names who is behind', () => {
    expect(lagsText({ validator: 0n, indicators: 2n, storage: 30n })).toBe(
      'indicators 2, storage 30 records behind',
    );
    expect(lagsText({ validator: 0n, indicators: 0n, storage: 0n })).toBe('nobody is behind');
  });
});

describe('CONSUMERS', () => {
  it('read every topic of market data that there is, but bars that go on, which nobody stores', () => {
    const read = new Set([TOPICS.barsForming.name, ...CONSUMERS.flatMap(({ topics }) => topics)]);
    const unread = ALL_TOPICS.map(({ name }) => name).filter(
      (name) => name.startsWith('md.') && !read.has(name),
    );
    expect(unread).toEqual([]);
  });
});
