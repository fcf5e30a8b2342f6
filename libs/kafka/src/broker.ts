import type { Broker, GroupMember, GroupMemberAssignment, GroupState } from 'kafkajs';
import { TickwellError } from '@tickwell/domain';
import type { KafkaRequest } from './protocol/request.ts';

/** kafkajs' encoders are told apart by their `buf`, and copied by their `buffer`. */
interface EncodedBody {
  readonly buf: Buffer;
  readonly buffer: Buffer;
}

interface ConnectionPool {
  send(protocol: {
    request: { apiKey: number; apiVersion: number; apiName: string; encode: () => Promise<EncodedBody> };
    response: { decode: (payload: Buffer) => Promise<object>; parse: (decoded: object) => Promise<object> };
    requestTimeout?: number;
  }): Promise<object>;
}

/** What kafkajs' broker can do beyond its published types: the requests its own consumer is made of. */
export interface GroupBroker extends Broker {
  joinGroup(request: {
    groupId: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    memberId: string;
    groupProtocols: readonly GroupState[];
  }): Promise<{ generationId: number; leaderId: string; memberId: string; members: GroupMember[] }>;
  syncGroup(request: {
    groupId: string;
    generationId: number;
    memberId: string;
    groupAssignment: readonly GroupMemberAssignment[];
  }): Promise<{ memberAssignment: Buffer }>;
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  readonly connectionPool: ConnectionPool;
}

const METHODS = ['joinGroup', 'syncGroup', 'heartbeat', 'leaveGroup'] as const;

/** Narrows once, here; a kafkajs that differs is an error at the first use, not a crash somewhere later. */
export function groupBroker(broker: Broker): GroupBroker {
  if (!isGroupBroker(broker)) {
    throw new TickwellError(
      'kafkajs-changed',
      'kafkajs is not the version this adapter knows (2.2.4): its broker differs',
    );
  }
  return broker;
}

function isGroupBroker(broker: Broker): broker is GroupBroker {
  const members: Readonly<Record<string, unknown>> = { ...broker };
  const pool = members['connectionPool'];
  const sends =
    typeof pool === 'object' && pool !== null && 'send' in pool && typeof pool.send === 'function';
  return sends && METHODS.every((name) => typeof Reflect.get(broker, name) === 'function');
}

/** Sends a request of our own through kafkajs' connection to the broker: its socket, its authentication, its timeouts. */
export async function request<T>(broker: GroupBroker, message: KafkaRequest<T>): Promise<T> {
  const answer: { value?: T } = {};
  await broker.connectionPool.send({
    request: {
      apiKey: message.apiKey,
      apiVersion: message.apiVersion,
      apiName: message.apiName,
      encode: () => {
        const body = message.encode();
        return Promise.resolve({ buf: body, buffer: body });
      },
    },
    response: {
      decode: (payload) => {
        answer.value = message.decode(payload);
        return Promise.resolve({});
      },
      parse: (decoded) => Promise.resolve(decoded),
    },
  });
  if (!('value' in answer))
    throw new TickwellError('kafka-protocol', `${message.apiName} was answered without a body`);
  return answer.value;
}
