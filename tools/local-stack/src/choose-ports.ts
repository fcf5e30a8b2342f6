import { DEFAULT_PORTS, findFreePort, requirePortFree } from './ports.ts';
import type { StackPorts } from './state.ts';
import type { StartStackOptions } from './types.ts';

/**
 * The ports as asked for, or the defaults, or free ones (0, or ephemeral).
 *
 * @throws LocalStackError `stack.port_busy` naming the port and the variable that moves it.
 */
export async function choosePorts(options: StartStackOptions): Promise<StackPorts> {
  const taken = new Set<number>();
  const free = async (): Promise<number> => {
    const port = await findFreePort(taken);
    taken.add(port);
    return port;
  };
  const choose = async (
    wanted: number | undefined,
    fallback: number,
    label: string,
    variable: string,
  ): Promise<number> => {
    const port = wanted ?? (options.ephemeral === true ? 0 : fallback);
    if (port === 0) return free();
    await requirePortFree(port, { label, variable });
    taken.add(port);
    return port;
  };
  const { kafka, questdbHttp, questdbPg } = DEFAULT_PORTS;
  return {
    kafka: await choose(options.kafkaPort, kafka, 'Kafka', 'TICKWELL_KAFKA_PORT'),
    questdbHttp: await choose(
      options.questdbHttpPort,
      questdbHttp,
      'QuestDB (HTTP)',
      'TICKWELL_QUESTDB_HTTP_PORT',
    ),
    questdbPg: await choose(
      options.questdbPgPort,
      questdbPg,
      'QuestDB (PostgreSQL)',
      'TICKWELL_QUESTDB_PG_PORT',
    ),
    // Nobody but the broker itself dials the controller, so it may be anywhere.
    kafkaController: await free(),
  };
}
