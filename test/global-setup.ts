import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveStack, sampleJarPath, stopStack, tickwellHome } from '@tickwell/local-stack';
import type { TestProject } from 'vitest/node';

const PREFIX = 'test-';

/**
 * One Kafka and QuestDB for all real tests: those in the environment, or fresh ones on free ports whose data is
 * removed at the end. Where they cannot start this throws, so that real tests fail with the reason, never pass unrun.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeAbandoned();
  const resolved = await resolveStack({
    dataDir: join(tickwellHome(), `${PREFIX}${process.pid}`),
    ephemeral: true,
    onLog: (line) => {
      process.stderr.write(`${line}\n`);
    },
  });
  try {
    const { kafkaBrokers, questdbHttpUrl, questdbPg, questdbPgReadonly } = resolved.endpoints;
    const sampleJar = await sampleJarPath();
    project.provide('stack', { kafkaBrokers, questdbHttpUrl, questdbPg, questdbPgReadonly, sampleJar });
  } catch (error) {
    await resolved.stop();
    throw error;
  }
  return () => resolved.stop();
}

/** A run that was killed together with its watchdog leaves its directory, and perhaps its processes. */
async function removeAbandoned(): Promise<void> {
  const home = tickwellHome();
  const names = await readdir(home).catch(() => []);
  for (const name of names) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : Number.NaN;
    if (!Number.isInteger(pid) || pid === process.pid || isAlive(pid)) continue;
    await stopStack(join(home, name));
    await rm(join(home, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
