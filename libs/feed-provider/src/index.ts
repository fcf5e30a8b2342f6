export { ProviderHost, type ProviderHostOptions } from './host.ts';
export { readProviderJob } from './jobs.ts';
export { isFileName } from './load.ts';
export { readyNames } from './ready.ts';
export type { OnReport } from './report.ts';
export type { ProviderRuntime } from './runtime.ts';
