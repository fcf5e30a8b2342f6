import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameSplitter, mayHoldData } from './frames.ts';

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

describe('a frame that could not be read', () => {
  const frame = (text: string): Buffer => Buffer.concat([Buffer.alloc(4), Buffer.from(text)]);

  it.each(['99\x007\x00', '50\x003\x00', '?garbage?\x00', '', '9999\x00'])(
    'may have been data: %j',
    (text) => {
      expect(mayHoldData(frame(text))).toBe(true);
    },
  );

  it.each(['10\x00', '7\x008\x00', '107\x00'])('was something else, as it says itself: %j', (text) => {
    expect(mayHoldData(frame(text))).toBe(false);
  });
});
