import type { LogEntry } from 'kafkajs';
import type { Logger } from '@tickwell/ports';

/**
 * kafkajs reports every failed attempt as an error, although nearly all are repeated and pass, as when a broker starts. What stays failed
 * reaches us as a rejection and is reported once, with the fix, so here everything is for debugging.
 */
export function kafkajsLog(logger: Logger): (entry: LogEntry) => void {
  return ({ label, namespace, log }) => {
    logger.debug({ component: `kafkajs ${namespace}`, level: label, ...withoutNoise(log) }, log.message);
  };
}

const NOISE = new Set(['timestamp', 'message', 'logger', 'stack']);

function withoutNoise(log: LogEntry['log']): Record<string, unknown> {
  return Object.fromEntries(Object.entries(log).filter(([name]) => !NOISE.has(name)));
}
