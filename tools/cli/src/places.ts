import type { StackEndpoints } from '@tickwell/local-stack';

interface Place {
  readonly what: string;
  readonly where: string;
}

/** Where the parts of a platform are reached, with something to try at each. */
function places(endpoints: StackEndpoints, grpcAddress: string): readonly Place[] {
  const brokers = endpoints.kafkaBrokers.join(',');
  return [
    { what: 'gRPC', where: grpcAddress },
    { what: '', where: `grpcurl -plaintext ${grpcAddress} list` },
    { what: 'Kafka', where: brokers },
    { what: '', where: `kcat -b ${brokers} -L` },
    { what: 'QuestDB console', where: endpoints.questdbHttpUrl },
  ];
}

export function placeLines(endpoints: StackEndpoints, grpcAddress: string): readonly string[] {
  const all = places(endpoints, grpcAddress);
  const width = Math.max(...all.map(({ what }) => what.length));
  return all.map(({ what, where }) => `  ${what.padEnd(width)}  ${where}`);
}
