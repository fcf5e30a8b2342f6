import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { connect, type TickwellClient } from '@tickwell/client';
import { endpointVariables, findFreePort, type StackEndpoints } from '@tickwell/local-stack';
import { ROOT } from './ingest.ts';
import { until } from './wait.ts';

/** A query process beside those of the platform, with a client of it. */
export interface QueryProcess {
  readonly address: string;
  readonly client: TickwellClient;
  readonly child: ChildProcess;
}

/** Resolves when it answers. */
export async function startQuery(
  endpoints: StackEndpoints,
  env: Readonly<Record<string, string>>,
): Promise<QueryProcess> {
  const port = await findFreePort();
  const child = spawn(process.execPath, [join(ROOT, 'services/query/src/main.ts')], {
    cwd: ROOT,
    env: {
      ...process.env,
      ...endpointVariables(endpoints),
      TICKWELL_GRPC_PORT: String(port),
      TICKWELL_EXIT_WITH_PARENT: '1',
      ...env,
    },
    stdio: 'ignore',
  });
  const address = `127.0.0.1:${port}`;
  const client = connect({ address });
  const answers = (): Promise<boolean> =>
    client.instruments().then(
      () => true,
      () => false,
    );
  await until('a query process that answers', answers, (isUp) => isUp);
  return { address, client, child };
}

export async function stopQuery({ client, child }: QueryProcess): Promise<void> {
  client.close();
  child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
