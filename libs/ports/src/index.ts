export * from './clock.ts';
export * from './feed.ts';
export * from './ingest-lines.ts';
export * from './log.ts';
export * from './logger.ts';
export * from './partitioner.ts';
export * from './store.ts';
