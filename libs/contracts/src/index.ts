export * from './codec.ts';
export * from './header-codec.ts';
export * from './headers.ts';
export * from './tables.ts';
export * from './topics.ts';
export * as events from './events.ts';
export * as queryV1 from './gen/tickwell/query/v1/market_data_pb.js';
export * as stateV1 from './gen/tickwell/state/v1/checkpoint_pb.js';
