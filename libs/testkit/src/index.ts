export { MemoryStore } from './memory-store.ts';
export { MemorySegments } from './memory-segments.ts';
export { MemoryLog } from './memory-log.ts';
export type { MemoryLogOptions } from './memory-log.ts';
export { createFaultProxy } from './fault-proxy.ts';
export type { FaultProxy, FaultProxyOptions, SwallowOptions } from './fault-proxy.ts';
export type { KafkaRequestHeader } from './kafka-frames.ts';
