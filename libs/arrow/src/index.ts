export * from './table-writer.ts';
