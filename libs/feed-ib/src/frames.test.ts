import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameSplitter } from './frames.ts';

function frame(payload: Buffer): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(payload.length);
  return Buffer.concat([prefix, payload]);
}

describe('FrameSplitter', () => {
  it('finds the same frames however TCP cuts the stream', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(payloads, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (some, cuts) => {
        const frames = some.map((payload) => frame(Buffer.from(payload)));
        const stream = Buffer.concat(frames);
        const splitter = new FrameSplitter();
        const got: Buffer[] = [];
        for (let at = 0, cut = 0; at < stream.length; cut++) {
          const size = cuts[cut % cuts.length] ?? 1;
          const found = splitter.push(stream.subarray(at, at + size));
          if (found === 'broken') throw new Error('broken');
          got.push(...found);
          at += size;
        }
        expect(got.map(String)).toEqual(frames.map(String));
      }),
    );
  });

  it('gives up on a length that no frame has', () => {
    expect(new FrameSplitter().push(Buffer.from([0xff, 0xff, 0xff, 0xff, 1]))).toBe('broken');
    expect(new FrameSplitter().push(Buffer.from([1, 0, 0, 0]))).toBe('broken');
  });
});
