export { LocalStackError } from './errors.ts';
export type { LocalStackErrorCode } from './errors.ts';
export { sampleJarPath } from './jars.ts';
export { attachStack, startStack, stopStack } from './jar-stack.ts';
export { endpointVariables, parseStackEnvironment, pgUrl } from './endpoints.ts';
export type { StackEnvironment } from './endpoints.ts';
export { resolveStack } from './resolve.ts';
export type { ResolveStackOptions, ResolvedStack } from './resolve.ts';
export { tickwellHome } from './paths.ts';
export { installPython, pythonFailure, referencePython } from './python.ts';
export { DEFAULT_PORTS, findFreePort, isPortFree } from './ports.ts';
export { judgeFreeSpace } from './disk.ts';
export type { DiskVerdict } from './disk.ts';
export { withFileLock } from './file-lock.ts';
export { probeKafka, probeQuestdb } from './health.ts';
export { jarsAreFetched } from './jars.ts';
export { requireJava, requireMaven } from './java.ts';
export { identify, isRunning, signalIfAlive } from './process-identity.ts';
export type { ProcessIdentity } from './process-identity.ts';
export type {
  ManagedProcess,
  PgEndpoint,
  ProcessExit,
  ProcessName,
  Stack,
  StackEndpoints,
  StartStackOptions,
} from './types.ts';
