import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { whyNoDocker } from './docker-stack.ts';
import { probeKafka, probeQuestdb } from './health.ts';
import { isPortFree } from './ports.ts';
import { resolveStack } from './resolve.ts';
import type { ProcessExit } from './types.ts';

const noDocker = await whyNoDocker();

describe('the stack in Docker', () => {
  it('runs, is killed, restarts with its data, and leaves no container', async (context) => {
    if (noDocker !== undefined) return context.skip(`no Docker engine answers here: ${noDocker}`);
    const dataDir = await mkdtemp(join(tmpdir(), 'tickwell-docker-'));
    const env = { TICKWELL_STACK: 'docker' };
    const resolved = await resolveStack({ env, dataDir, ephemeral: true });
    const { stack } = resolved;
    try {
      expect(resolved.origin).toBe('docker');
      const port = Number(stack!.kafkaBrokers[0]?.split(':')[1]);
      expect(await probeKafka(port)).toBeUndefined();
      const query = (sql: string): Promise<Response> =>
        fetch(`${stack!.questdbHttpUrl}/exec?query=${encodeURIComponent(sql)}`);
      expect((await query('create table kept (v long)')).status).toBe(200);
      const refused = await fetch(`${stack!.questdbHttpUrl}/write`, {
        method: 'POST',
        body: 'undeclared v=1i\n',
      });
      expect(refused.status).toBe(400);

      const exits: ProcessExit[] = [];
      stack!.questdb.onExit((exit) => exits.push(exit));
      expect(await stack!.questdb.kill('SIGKILL')).toMatchObject({ name: 'questdb', expected: false });
      expect(exits).toHaveLength(1);
      expect(stack!.questdb.pid).toBeUndefined();
      await stack!.questdb.restart();
      expect(await probeQuestdb(stack!.questdbHttpUrl)).toBeUndefined();
      expect((await query('select * from kept')).status).toBe(200);
      await stack!.kafka.restart();
      expect(await probeKafka(port)).toBeUndefined();
      await resolved.stop();
      expect(await isPortFree(port)).toBe(true);
    } finally {
      await resolved.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
