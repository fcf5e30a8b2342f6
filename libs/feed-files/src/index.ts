export { openFileSource } from './file-source.ts';
export { readFileOptions, readFilesJob, readReplayJob, readSampleJob } from './jobs.ts';
export { parseMapping } from './mapping.ts';
export {
  FileFeedError,
  type ColumnMapping,
  type ColumnRef,
  type FileFormat,
  type FileSourceOptions,
  type Role,
} from './options.ts';
export { openReplay, type ReplayOptions, type ReplaySpeed } from './replay.ts';
export { sampleJobs } from './sample.ts';
export { readTable, type FileTable, type TableOptions, type TableRow } from './table.ts';
