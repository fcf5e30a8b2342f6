export { LocalStackError } from './errors.ts';
export type { LocalStackErrorCode } from './errors.ts';
export { sampleJarPath } from './jars.ts';
export { attachStack, startStack, stopStack } from './jar-stack.ts';
export { endpointVariables, parseStackEnvironment, pgUrl } from './endpoints.ts';
export type { StackEnvironment } from './endpoints.ts';
export { resolveStack } from './resolve.ts';
export type { ResolveStackOptions, ResolvedStack } from './resolve.ts';
export { tickwellHome } from './paths.ts';
export { findFreePort } from './ports.ts';
export type {
  ManagedProcess,
  PgEndpoint,
  ProcessExit,
  ProcessName,
  Stack,
  StackEndpoints,
  StartStackOptions,
} from './types.ts';
