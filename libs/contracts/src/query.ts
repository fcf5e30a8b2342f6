/** Every generated message and service of tickwell.query.v1. */
export * from './gen/tickwell/query/v1/admin_pb.js';
export * from './gen/tickwell/query/v1/alerts_pb.js';
export * from './gen/tickwell/query/v1/config_pb.js';
export * from './gen/tickwell/query/v1/dead_letters_pb.js';
export * from './gen/tickwell/query/v1/holes_pb.js';
export * from './gen/tickwell/query/v1/market_data_pb.js';
export * from './gen/tickwell/query/v1/monitoring_pb.js';
export * from './gen/tickwell/query/v1/quality_pb.js';
export * from './gen/tickwell/query/v1/reconciliations_pb.js';
