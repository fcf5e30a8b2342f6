export { checkWebsocket, type WebsocketCheckOptions, type WebsocketFinding } from './check.ts';
export type { Series, WebsocketDefinition } from './definition.ts';
export { websocketJob, type WebsocketContext, type WebsocketOptions } from './jobs.ts';
export {
  isReadyDefinition,
  isWebsocketDefinition,
  loadWebsocketDefinition,
  readWebsocketJob,
  readyDefinitions,
} from './job-reader.ts';
export type { FeedInstrument, LastStored, OnReport } from './live-source.ts';
export { parseWebsocketDefinition, readWebsocketDefinition } from './read-definition.ts';
