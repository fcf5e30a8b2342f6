export * from './documents.ts';
export * from './history.ts';
export * from './kinds.ts';
export { ConfigReader } from './reader.ts';
export type { ConfigReaderOptions } from './reader.ts';
export { ConfigSettings, type ConfigSettingsOptions } from './settings.ts';
export * from './state.ts';
export * from './watch.ts';
export * from './writer.ts';
