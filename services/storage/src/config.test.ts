import { expect, it } from 'vitest';
import { readStorageConfig } from './config.ts';

const PG = 'postgres://writer:p%40ss@127.0.0.1:8812/qdb';

it('fills defaults around where QuestDB is', () => {
  const config = readStorageConfig({ TICKWELL_QUESTDB_PG_URL: PG });
  expect(config.questdbHttpUrl.href).toBe('http://127.0.0.1:9000/');
  expect(config.questdbPgUrl.href).toBe(PG);
  expect(config.kafkaBrokers).toEqual(['127.0.0.1:9092']);
  expect(config.options.store.minParallelRows).toBe(10_000);
  expect(Object.isFrozen(config)).toBe(true);
});

it('names everything that is wrong at once', () => {
  const read = (): unknown =>
    readStorageConfig({ TICKWELL_STORAGE_MAX_BATCH_ROWS: '0', TICKWELL_LOG_LEVEL: 'loud' });
  expect(read).toThrow(/TICKWELL_QUESTDB_PG_URL: is required/);
  expect(read).toThrow(/TICKWELL_STORAGE_MAX_BATCH_ROWS="0"/);
  expect(read).toThrow(/TICKWELL_LOG_LEVEL="loud"/);
});
