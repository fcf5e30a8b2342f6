import { connect } from 'node:net';
import { messageOf } from './errors.ts';
import { LOOPBACK } from './ports.ts';

const PROBE_TIMEOUT_MS = 2_000;
const METADATA = 3;
const METADATA_VERSION = 1;
const CORRELATION_ID = 7;
const MAX_ANSWER_BYTES = 1 << 20;

/** Undefined when healthy, else why not. */
export type Health = string | undefined;

/**
 * Asks the broker for its metadata (Kafka protocol, request 3 version 1, no topics). It lists itself, with the port we
 * asked on, only once it is registered and no longer fenced, which is when it accepts topics and records.
 */
export async function probeKafka(port: number): Promise<Health> {
  try {
    // An empty array: no topics.
    const answer = await askKafka(port, METADATA, METADATA_VERSION, Buffer.alloc(4));
    return brokerPorts(answer).includes(port) ? undefined : 'the broker is not registered yet';
  } catch (error) {
    return messageOf(error);
  }
}

/** Runs `SELECT 1` through QuestDB's HTTP endpoint. */
export async function probeQuestdb(httpUrl: string): Promise<Health> {
  try {
    const response = await fetch(`${httpUrl}/exec?query=${encodeURIComponent('SELECT 1')}`, {
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    const body = await response.text();
    return response.ok ? undefined : `HTTP ${response.status}: ${body.slice(0, 200)}`;
  } catch (error) {
    return messageOf(error);
  }
}

/** Sends one request of the Kafka protocol and returns the body of its answer (without length and correlation id). */
export async function askKafka(port: number, apiKey: number, version: number, body: Buffer): Promise<Buffer> {
  const answer = await roundTrip(port, kafkaFrame(apiKey, version, body));
  if (answer.readInt32BE(0) !== CORRELATION_ID) throw new Error('the answer belongs to another request');
  return answer.subarray(4);
}

/** Length, API key, API version, correlation id, client id, body. */
function kafkaFrame(apiKey: number, version: number, body: Buffer): Buffer {
  const clientId = Buffer.from('tickwell-health');
  const head = Buffer.alloc(4 + 2 + 2 + 4 + 2);
  head.writeInt32BE(head.length - 4 + clientId.length + body.length, 0);
  head.writeInt16BE(apiKey, 4);
  head.writeInt16BE(version, 6);
  head.writeInt32BE(CORRELATION_ID, 8);
  head.writeInt16BE(clientId.length, 12);
  return Buffer.concat([head, clientId, body]);
}

/** The ports in the body of a metadata answer, which begins with brokers of (id, host, port, rack). */
function brokerPorts(answer: Buffer): number[] {
  const ports: number[] = [];
  let at = 4;
  for (let left = answer.readInt32BE(0); left > 0; left -= 1) {
    at += 4;
    at += 2 + answer.readInt16BE(at);
    ports.push(answer.readInt32BE(at));
    at += 4;
    at += 2 + Math.max(0, answer.readInt16BE(at));
  }
  return ports;
}

function roundTrip(port: number, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: LOOPBACK });
    let received = Buffer.alloc(0);
    const fail = (message: string): void => {
      socket.destroy();
      reject(new Error(message));
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => {
      fail(`no answer within ${PROBE_TIMEOUT_MS} ms`);
    });
    socket.once('error', (error) => {
      fail(error.message);
    });
    socket.once('close', () => {
      fail('the connection was closed');
    });
    socket.once('connect', () => {
      socket.write(request);
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4) return;
      const length = received.readInt32BE(0);
      if (length < 8 || length > MAX_ANSWER_BYTES) {
        fail('this is not a Kafka broker');
      } else if (received.length >= 4 + length) {
        resolve(received.subarray(4, 4 + length));
        socket.destroy();
      }
    });
  });
}
