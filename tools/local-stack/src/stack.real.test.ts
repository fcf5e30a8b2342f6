import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { systemErrorCode } from './errors.ts';
import { askKafka, probeKafka, probeQuestdb } from './health.ts';
import { attachStack, startStack, stopStack } from './jar-stack.ts';
import { isPortFree } from './ports.ts';
import { identify, isRunning, signalIfAlive } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { resolveStack } from './resolve.ts';
import { parseState, readState, writeState } from './state.ts';
import type { ProcessExit, Stack, StackEndpoints } from './types.ts';
import { waitFor } from './wait.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const PATIENCE = { deadlineMs: 60_000, everyMs: 50 };

const dirs: string[] = [];
async function newDir(name: string): Promise<string> {
  const dir = join(await mkdtemp(join(tmpdir(), 'tickwell-stack-')), name);
  dirs.push(dir);
  return dir;
}
afterAll(async () => {
  for (const dir of dirs) {
    await stopStack(dir);
    await rm(dirname(dir), { recursive: true, force: true });
  }
});

async function sql(stack: StackEndpoints, query: string): Promise<unknown> {
  const response = await fetch(`${stack.questdbHttpUrl}/exec?query=${encodeURIComponent(query)}`);
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(body));
  return body;
}

function kafkaPort(stack: StackEndpoints): number {
  return Number(stack.kafkaBrokers[0]?.split(':')[1]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** CreateTopics (19) version 2: one partition, one replica; returns the error code, 36 where it exists already. */
async function createTopic(stack: StackEndpoints, topic: string): Promise<number> {
  const one = Buffer.from([0, 0, 0, 1]);
  const counts = Buffer.from([0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  const options = Buffer.from([0, 0, 39, 16, 0]);
  const answer = await askKafka(kafkaPort(stack), 19, 2, Buffer.concat([one, text(topic), counts, options]));
  return answer.readInt16BE(4 + 4 + 2 + Buffer.byteLength(topic));
}
const CREATED = 0;
const TOPIC_EXISTS = 36;

async function store(stack: StackEndpoints): Promise<void> {
  await sql(stack, 'create table kept (ts timestamp, v long) timestamp(ts) partition by day wal');
  await sql(stack, "insert into kept values ('2024-01-02T00:00:00Z', 42)");
  const stored = await waitFor(async () => {
    const found = JSON.stringify(await sql(stack, 'select v from kept'));
    return found.includes('"dataset":[[42]]') ? true : undefined;
  }, PATIENCE);
  expect(stored).toBe(true);
  expect(await createTopic(stack, 'kept')).toBe(CREATED);
}

async function expectKept(stack: StackEndpoints): Promise<void> {
  expect(await sql(stack, 'select v from kept')).toMatchObject({ dataset: [[42]] });
  expect(await createTopic(stack, 'kept')).toBe(TOPIC_EXISTS);
}

async function identitiesOf(stack: Stack): Promise<ProcessIdentity[]> {
  const found = await Promise.all([stack.kafka.pid, stack.questdb.pid].map((pid) => identify(pid!)));
  return found.map((identity) => identity!);
}

async function allGone(identities: readonly ProcessIdentity[]): Promise<true | undefined> {
  const alive = await Promise.all(identities.map((identity) => isRunning(identity)));
  return alive.includes(true) ? undefined : true;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

describe('the stack of this test run', () => {
  it('answers, and comes with the sample data', async () => {
    const stack = inject('stack');
    expect(await probeKafka(kafkaPort(stack))).toBeUndefined();
    expect(await probeQuestdb(stack.questdbHttpUrl)).toBeUndefined();
    expect((await readFile(stack.sampleJar)).subarray(0, 2).toString()).toBe('PK');
  });
});

describe('a running stack', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ dataDir: await newDir('one'), ephemeral: true });
    await store(stack);
  });
  afterAll(() => stack.stop());

  it('creates no table that nobody declared', async () => {
    const url = `${stack.questdbHttpUrl}/write`;
    const response = await fetch(url, { method: 'POST', body: 'undeclared v=1i\n' });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('undeclared');
  });

  it('does not share ports or data with one beside it', async () => {
    const other = await startStack({ dataDir: await newDir('two'), ephemeral: true });
    try {
      expect(other.kafkaBrokers).not.toEqual(stack.kafkaBrokers);
      await expect(sql(other, 'select * from kept')).rejects.toThrow(/kept/);
      expect(await createTopic(other, 'kept')).toBe(CREATED);
      await expectKept(stack);
    } finally {
      await other.stop();
    }
    expect(await exists(other.dataDir)).toBe(false);
  });

  it('refuses a second start in its directory, and names who holds it', async () => {
    const second = startStack({ dataDir: stack.dataDir, kafkaPort: 0, questdbHttpPort: 0, questdbPgPort: 0 });
    await expect(second).rejects.toMatchObject({
      code: 'stack.already_running',
      message: expect.stringContaining(`started by process ${process.pid}`) as string,
    });
  });

  it.each(['kafka', 'questdb'] as const)(
    'tells of a kill -9 of %s, and keeps its data over the restart',
    async (name) => {
      const child = stack[name];
      const pid = child.pid;
      const exits: ProcessExit[] = [];
      const unsubscribe = child.onExit((exit) => exits.push(exit));
      await child.kill('SIGKILL');
      expect(await waitFor(() => Promise.resolve(exits[0]), PATIENCE)).toMatchObject({
        name,
        pid,
        signal: 'SIGKILL',
        expected: false,
      });
      expect(exits[0]?.message).toMatch(/^(Kafka|QuestDB) died \(SIGKILL, pid \d+\).*log: \S+$/);
      expect(child.pid).toBeUndefined();
      await child.restart();
      unsubscribe();
      expect(child.pid).not.toBe(pid);
      await expectKept(stack);
    },
  );

  it('does not answer while paused and answers again when resumed', async () => {
    stack.questdb.pause();
    try {
      // The threads stop one after the other: a question that was under way may still be answered.
      const silent = await waitFor(() => probeQuestdb(stack.questdbHttpUrl), PATIENCE);
      expect(silent).toMatch(/timeout|aborted/i);
    } finally {
      stack.questdb.resume();
    }
    await expectKept(stack);
  });

  it('stops even while paused, leaves no process and no data', async () => {
    const identities = await identitiesOf(stack);
    stack.kafka.pause();
    await stack.stop();
    expect(await allGone(identities)).toBe(true);
    expect(await exists(stack.dataDir)).toBe(false);
  });
});

describe('a supervised stack that is not ephemeral', () => {
  const free = { kafkaPort: 0, questdbHttpPort: 0, questdbPgPort: 0 };

  it('restarts what dies, and keeps data and passwords over stop and start', async () => {
    const dataDir = await newDir('kept');
    const lines: string[] = [];
    const first = await startStack({ dataDir, ...free, supervise: true, onLog: (line) => lines.push(line) });
    const { password } = first.questdbPg;
    await store(first);
    await first.questdb.kill('SIGKILL');
    const port = new URL(first.questdbHttpUrl).origin;
    const back = await waitFor(
      async () => ((await probeQuestdb(port)) === undefined ? true : undefined),
      PATIENCE,
    );
    expect(back).toBe(true);
    expect(lines.join('\n')).toMatch(/QuestDB died \(SIGKILL.*starting it again \(attempt 1 of 6\)/);
    await expectKept(first);
    await first.stop();
    const second = await startStack({ dataDir, ...free });
    try {
      await expectKept(second);
      expect(second.questdbPg.password).toBe(password);
    } finally {
      await second.stop();
    }
  });

  it('says in one line why it cannot start on damaged data, and leaves nothing running', async () => {
    const dataDir = await newDir('damaged');
    const stack = await startStack({ dataDir, ...free });
    await stack.stop();
    const meta = join(dataDir, 'kafka', 'data', 'meta.properties');
    await writeFile(meta, (await readFile(meta, 'utf8')).replace(/node\.id=.*/, 'node.id=7'));
    const failure: unknown = await startStack({ dataDir, ...free }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'stack.child_died' });
    expect(String(failure)).toMatch(
      /^LocalStackError: Kafka died while starting \(exit code 1[^\n]*log: [^\n]*kafka\.log$/,
    );
    const state = parseState(await readFile(join(dataDir, 'stack.json'), 'utf8'));
    expect(state?.processes).toEqual({});
    expect(await isPortFree(state!.ports.questdbHttp)).toBe(true);
  });
});

describe('a busy port', () => {
  it('is one clear line that names the port and the variable', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const start = startStack({
        dataDir: await newDir('busy'),
        kafkaPort: port,
        questdbHttpPort: 0,
        questdbPgPort: 0,
      });
      await expect(start).rejects.toMatchObject({
        code: 'stack.port_busy',
        message: expect.stringMatching(
          new RegExp(`^port ${port} for Kafka is in use[^\\n]*TICKWELL_KAFKA_PORT=\\d+$`),
        ) as string,
      });
    } finally {
      server.close();
    }
  });
});

describe('a detached stack', () => {
  it('outlives its starter, is found again, and is ended from elsewhere', async () => {
    const dataDir = await newDir('detached');
    const env = {
      ...process.env,
      TICKWELL_KAFKA_PORT: '0',
      TICKWELL_QUESTDB_HTTP_PORT: '0',
      TICKWELL_QUESTDB_PG_PORT: '0',
    };
    const up = spawn(process.execPath, [MAIN, 'up', '--detached', '--dir', dataDir], {
      env,
      stdio: 'ignore',
    });
    expect(await once(up, 'exit')).toEqual([0, null]);
    const found = await resolveStack({ env: {}, dataDir });
    expect(found.origin).toBe('attached');
    const stack = found.stack!;
    const identities = await identitiesOf(stack);
    await store(stack);
    await found.stop();
    expect(await allGone(identities)).toBeUndefined();

    const exits: ProcessExit[] = [];
    stack.questdb.onExit((exit) => exits.push(exit));
    expect(await stopStack(dataDir)).toBe(true);
    expect(await allGone(identities)).toBe(true);
    expect(await waitFor(() => Promise.resolve(exits[0]), PATIENCE)).toMatchObject({ name: 'questdb' });
    expect(await attachStack({ dataDir })).toBeUndefined();
    expect(await stopStack(dataDir)).toBe(false);
  });

  it('is cleared away and started anew when half of it died', async () => {
    const dataDir = await newDir('half');
    const free = { kafkaPort: 0, questdbHttpPort: 0, questdbPgPort: 0 };
    const stack = await startStack({ dataDir, ...free, detached: true });
    const [kafka] = await identitiesOf(stack);
    await stack.questdb.kill('SIGKILL');
    // As the file would be had nobody been there to see it die.
    const stateFile = join(dataDir, 'stack.json');
    const state = await readState(stateFile);
    await writeState(stateFile, {
      ...state!,
      processes: { kafka: kafka!, questdb: { pid: 2 ** 30, startToken: '' } },
    });
    const lines: string[] = [];
    const again = await startStack({ dataDir, ...free, onLog: (line) => lines.push(line) });
    try {
      expect(lines.join('\n')).toContain(`ending what an earlier stack left running (pid ${kafka!.pid})`);
      expect(await isRunning(kafka!)).toBe(false);
    } finally {
      await again.stop();
    }
  });
});

describe('a starter that is killed', () => {
  it('takes an ephemeral stack and its data with it', async () => {
    const dataDir = await newDir('orphan');
    const up = spawn(process.execPath, [MAIN, 'up', '--ephemeral', '--dir', dataDir], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(up.stdout, 'data');
    const state = await readState(join(dataDir, 'stack.json'));
    const identities = Object.values(state!.processes);
    expect(identities).toHaveLength(2);
    expect(await allGone(identities)).toBeUndefined();
    up.kill('SIGKILL');
    expect(await waitFor(() => allGone(identities), PATIENCE)).toBe(true);
    const removed = await waitFor(async () => ((await exists(dataDir)) ? undefined : true), PATIENCE);
    expect(removed).toBe(true);
  });
});

describe('a free port that is taken before our child binds it', () => {
  it('costs another attempt, not the start', async () => {
    const dataDir = await newDir('raced');
    const raced = `${dataDir}.raced`;
    const wrapper = `${dataDir}.java`;
    // The first time Kafka is run, somebody listens on its port for as long as it takes Kafka to fail.
    const listen = `require('net').createServer().listen(+process.argv[1],'127.0.0.1');setTimeout(()=>process.exit(),30000)`;
    const script = `#!/bin/sh
case "$*" in *"kafka.Kafka "*) if [ ! -e '${raced}' ]; then
  for file; do :; done
  port=$(sed -n 's/^advertised.listeners=.*:\\([0-9]*\\)$/\\1/p' "$file")
  '${process.execPath}' -e "${listen}" "$port" >/dev/null 2>&1 &
  echo "$! $port" > '${raced}'
  sleep 1
fi;; esac
exec java "$@"
`;
    await writeFile(wrapper, script, { mode: 0o755 });
    process.env['TICKWELL_JAVA'] = wrapper;
    const lines: string[] = [];
    try {
      const stack = await startStack({ dataDir, ephemeral: true, onLog: (line) => lines.push(line) });
      const [pid, port] = (await readFile(raced, 'utf8')).trim().split(' ').map(Number);
      signalIfAlive(pid!, 'SIGKILL');
      expect(kafkaPort(stack)).not.toBe(port);
      await stack.stop();
    } finally {
      delete process.env['TICKWELL_JAVA'];
    }
    expect(lines).toContain('a free port was taken by another program; trying others');
    expect(await exists(dataDir)).toBe(false);
  });
});
