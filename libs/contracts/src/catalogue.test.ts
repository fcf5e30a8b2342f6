import { describe, expect, it } from 'vitest';
import * as events from './events.ts';
import * as stateV1 from './gen/tickwell/state/v1/checkpoint_pb.js';
import { contentType, parseContentType } from './headers.ts';
import { ALL_TABLES } from './tables.ts';
import { ALL_TOPICS, DATA_PARTITIONS, TOPICS } from './topics.ts';

describe('topics', () => {
  it('have names of their own and types that exist', () => {
    const types = new Set(
      [...Object.values(events), ...Object.values(stateV1)].flatMap((value) =>
        'kind' in value && value.kind === 'message' ? [value.typeName] : [],
      ),
    );
    expect(new Set(ALL_TOPICS.map((topic) => topic.name)).size).toBe(ALL_TOPICS.length);
    for (const topic of ALL_TOPICS) expect(types).toContain(topic.type);
  });

  it('have as many partitions as their inputs, so that output partition = input partition', () => {
    const single = [TOPICS.config.name, TOPICS.stateIngest.name, TOPICS.alerts.name] as string[];
    for (const topic of ALL_TOPICS)
      expect(topic.partitions).toBe(single.includes(topic.name) ? 1 : DATA_PARTITIONS);
  });
});

describe('tables', () => {
  it('have names of their own and dedup keys among their columns', () => {
    expect(new Set(ALL_TABLES.map((table) => table.name)).size).toBe(ALL_TABLES.length);
    for (const table of ALL_TABLES) {
      for (const key of table.dedupKeys) expect(Object.keys(table.columns)).toContain(key);
      expect(Object.keys(table.columns)).not.toContain(table.timestamp);
    }
  });
});

describe('content types', () => {
  it('round-trip, and say what is wrong with others', () => {
    expect(parseContentType(contentType('tickwell.events.v1.TickBatch'))).toEqual({
      ok: true,
      value: 'tickwell.events.v1.TickBatch',
    });
    expect(parseContentType(undefined)).toMatchObject({ ok: false });
    expect(parseContentType('text/plain')).toMatchObject({ ok: false });
  });
});
