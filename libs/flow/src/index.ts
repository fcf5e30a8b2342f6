export { Flow, type FlowOptions } from './flow.ts';
export type { Output, Processor } from './processor.ts';
