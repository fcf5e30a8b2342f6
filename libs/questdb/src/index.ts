export { parsePgUrl, type PgEndpoint, type QuestdbEndpoints } from './endpoints.ts';
export { createQuestdbReader, type QuestdbReaderOptions } from './history-reader.ts';
export { MIGRATIONS, type Migration, type MigrationStep } from './migrations.ts';
export { ensureSchema, type SchemaOptions } from './schema.ts';
export { createQuestdbWriter, type QuestdbWriterOptions } from './table-writer.ts';
