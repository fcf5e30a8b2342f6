export { createKafkaLog } from './log.ts';
export type { KafkaLog } from './log.ts';
export type { Endpoint, KafkaLogOptions } from './options.ts';
export { partitionForKey } from './partitioner.ts';
