export { storeContract, type StoreUnderTest } from './store-contract.ts';
export { eventLogContract, type EventLogUnderTest } from './event-log-contract.ts';
export { eventually } from './event-log-fixtures.ts';
