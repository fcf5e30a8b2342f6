export type { Finding } from './check/finding.ts';
export { checkProvider, type CheckOptions } from './check/suite.ts';
export { ProviderHost, type ProviderHostOptions } from './host.ts';
export { readProviderJob } from './jobs.ts';
export { isFileName } from './load.ts';
export { readyNames } from './ready.ts';
export type { OnReport } from './report.ts';
export type { ProviderRuntime } from './runtime.ts';
