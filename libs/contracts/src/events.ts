/** Every generated message of tickwell.events.v1, for `events.DeadLetterSchema` and its like. */
export * from './gen/tickwell/events/v1/alert_pb.js';
export * from './gen/tickwell/events/v1/common_pb.js';
export * from './gen/tickwell/events/v1/control_pb.js';
export * from './gen/tickwell/events/v1/frame_pb.js';
export * from './gen/tickwell/events/v1/market_pb.js';
export * from './gen/tickwell/events/v1/portfolio_pb.js';
export * from './gen/tickwell/events/v1/quality_pb.js';
export * from './gen/tickwell/events/v1/reconciliation_pb.js';
