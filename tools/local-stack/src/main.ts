import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { LocalStackError, messageOf } from './errors.ts';
import { attachStack, startStack, stopStack } from './jar-stack.ts';
import { parseStackEnvironment } from './endpoints.ts';
import { tickwellHome } from './paths.ts';
import type { StackEndpoints } from './types.ts';

const USAGE = `Kafka and QuestDB by hand.

  node tools/local-stack/src/main.ts up [--dir DIR] [--ephemeral] [--detached] [--supervise]
  node tools/local-stack/src/main.ts status|down [--dir DIR]

  --dir DIR     where everything is kept; default .tickwell/demo
  --ephemeral   free ports, and DIR is removed at the end
  --detached    return when it runs; end it with "down"
`;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function print(endpoints: StackEndpoints): void {
  const { kafkaBrokers, questdbHttpUrl, questdbPg, questdbPgReadonly } = endpoints;
  process.stdout.write(
    `${JSON.stringify({ kafkaBrokers, questdbHttpUrl, questdbPg, questdbPgReadonly }, null, 2)}\n`,
  );
}

async function up(
  dataDir: string,
  flags: { ephemeral: boolean; detached: boolean; supervise: boolean },
): Promise<number> {
  const running = await attachStack({ dataDir });
  if (running !== undefined) {
    print(running);
    return 0;
  }
  const { kafkaPort, questdbHttpPort, questdbPgPort } = parseStackEnvironment(process.env);
  const stack = await startStack({
    dataDir,
    kafkaPort,
    questdbHttpPort,
    questdbPgPort,
    ...flags,
    onLog: say,
  });
  for (const child of [stack.kafka, stack.questdb]) {
    child.onExit((exit) => {
      if (!exit.expected) say(exit.message);
    });
  }
  print(stack);
  if (flags.detached) return 0;
  await new Promise<void>((resolve) => {
    const keepAlive = setInterval(() => undefined, 60_000);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        clearInterval(keepAlive);
        resolve();
      });
    }
  });
  await stack.stop();
  return 0;
}

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      dir: { type: 'string' },
      ephemeral: { type: 'boolean', default: false },
      detached: { type: 'boolean', default: false },
      supervise: { type: 'boolean', default: false },
    },
  });
  const dataDir = values.dir ?? join(tickwellHome(), 'demo');
  switch (positionals[0]) {
    case 'up':
      return up(dataDir, values);
    case 'down':
      say((await stopStack(dataDir)) ? 'stopped' : `no stack runs in ${dataDir}`);
      return 0;
    case 'status': {
      const stack = await attachStack({ dataDir });
      if (stack === undefined) say(`no healthy stack runs in ${dataDir}`);
      else print(stack);
      return stack === undefined ? 1 : 0;
    }
    default:
      say(USAGE);
      return 2;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof LocalStackError ? error.message : messageOf(error));
  process.exitCode = 1;
}
