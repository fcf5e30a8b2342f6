import { EventName, IBApi } from '@stoqey/ib';
import { describe, expect, it, vi } from 'vitest';
import { SocketGuard } from './socket-guard.ts';

function frameOf(payload: string): Buffer {
  const body = Buffer.from(payload);
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(body.length);
  return Buffer.concat([prefix, body]);
}

const fields = (...values: (string | number)[]): Buffer =>
  frameOf(values.map((value) => `${value}\0`).join(''));
const trade = (size: number): Buffer => fields(99, 7, 2, 1_700_000_000, 10.5, size, 0, 'ISLAND', '');

/** The library as it is behind a handshake, without a socket: bytes go in by hand. */
function guarded() {
  const api = new IBApi({ host: '127.0.0.1', port: 1 });
  const sizes: unknown[] = [];
  const problems: string[] = [];
  api.on(EventName.tickByTickAllLast, (_reqId, _type, _time, _price, size) => sizes.push(size));
  api.on(EventName.error, (error) => problems.push(error.message));
  const controller: object = Reflect.get(api, 'controller') as object;
  const socket: object = Reflect.get(controller, 'socket') as object;
  const guard = new SocketGuard(api, {
    intercept: () => false,
    broken: (reason) => problems.push(`broken: ${reason}`),
    undecodable: (reason) => problems.push(reason),
  });
  const arrive = (...data: Buffer[]): void => {
    const onData: unknown = Reflect.get(socket, 'onData');
    if (typeof onData === 'function') Reflect.apply(onData, socket, [Buffer.concat(data)]);
  };
  arrive(fields(178, '20240108 16:00:00 EST'));
  return { arrive, sizes, problems, guard };
}

describe('frames that are none of the protocol', () => {
  it.each([
    ['without an end', frameOf('no message')],
    ['that end in the middle of a field', frameOf('99\x007\x002\x001700')],
    ['that are too short', fields(99, 7, 2)],
    ['of an unknown kind', fields('?garbage?', 'x')],
    ['that are empty', frameOf('')],
  ])('%s cost no message around them', async (_name, garbage) => {
    const { arrive, sizes, problems } = guarded();
    arrive(trade(1), garbage, trade(2));
    arrive(garbage);
    arrive(trade(3));
    // On a busy machine the guard leaves the rest to the next turn.
    await vi.waitUntil(() => sizes.length >= 3);
    expect(sizes).toEqual([1, 2, 3]);
    expect(problems.filter((problem) => problem.startsWith('broken'))).toEqual([]);
  });
});
