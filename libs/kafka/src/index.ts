export type { GroupPosition } from './group-positions.ts';
export { createKafkaLog } from './log.ts';
export type { KafkaLog } from './log.ts';
export type { Endpoint, KafkaLogOptions } from './options.ts';
export { partitionForKey } from '@tickwell/ports';
