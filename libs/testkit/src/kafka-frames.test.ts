import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FrameSplitter, requestHeader, responseCorrelationId } from './kafka-frames.ts';

function framed(body: Uint8Array): Buffer {
  const frame = Buffer.alloc(4 + body.length);
  frame.writeInt32BE(body.length);
  frame.set(body, 4);
  return frame;
}

it('finds the same frames however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      (bodies, cuts) => {
        const stream = Buffer.concat(bodies.map(framed));
        const splitter = new FrameSplitter();
        const found: Buffer[] = [];
        for (let at = 0, cut = 0; at < stream.length; cut++) {
          const end = at + (cuts[cut % cuts.length] ?? 1);
          found.push(...splitter.push(stream.subarray(at, end)));
          at = end;
        }
        expect(found.map((frame) => [...frame])).toEqual(bodies.map((body) => [...framed(body)]));
      },
    ),
  );
});

it('reads what a request and a response are about', () => {
  const request = framed(Buffer.from('0003000c0000002a0006636c69656e74', 'hex'));
  expect(requestHeader(request)).toEqual({ apiKey: 3, apiVersion: 12, correlationId: 42 });
  expect(responseCorrelationId(framed(Buffer.from('0000002a00', 'hex')))).toBe(42);
});
