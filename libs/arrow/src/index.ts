export * from './table-writer.ts';
export * from './frame/frame-format.ts';
