export { storeContract } from './store-contract.ts';
export type { StoreUnderTest } from './store-cases.ts';
export { eventLogContract, type EventLogUnderTest } from './event-log-contract.ts';
export { eventually } from './event-log-fixtures.ts';
export { notifierContract, type NotifierUnderTest, type ReceivedMessage } from './notifier-contract.ts';
export { actionRows, barRows, fundamentalRows, indicatorRows } from './store-fixtures.ts';
export { cacheContract, type CacheUnderTest } from './cache-contract.ts';
export { segmentStoreContract, type SegmentStoreUnderTest } from './segment-contract.ts';
