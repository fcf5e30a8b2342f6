import { CauseMarks, type Cause } from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PartitionMarks, decodeMarks, encodeMarks } from './partition-marks.ts';

const cause: fc.Arbitrary<Cause> = fc.record({
  origin: fc.constantFrom('md.raw.ticks@e/0', 'md.ticks@e/0', 'x#"y'),
  n: fc.bigInt({ min: 1n, max: 6n }),
  k: fc.nat({ max: 2 }),
});

describe('PartitionMarks', () => {
  it('takes and drops what CauseMarks takes and drops, also after a restart in between', () => {
    fc.assert(
      fc.property(fc.array(cause), fc.array(cause), (before, after) => {
        const reference = new CauseMarks();
        const first = new PartitionMarks();
        for (const one of before) expect(first.advance(one)).toBe(reference.advance(one));
        const restored = decodeMarks(encodeMarks('epoch', first.snapshot()), 'epoch');
        const second = new PartitionMarks(restored);
        for (const one of after) expect(second.advance(one)).toBe(reference.advance(one));
      }),
    );
  });

  it('keeps the marks advanced last when there are more origins than fit beside an offset', () => {
    const marks = new PartitionMarks();
    for (let stream = 0; stream < 5_000; stream += 1)
      marks.advance({ origin: `file:${stream}#BTC`, n: 1n, k: 0 });
    marks.advance({ origin: 'file:4990#BTC', n: 2n, k: 0 });
    const metadata = encodeMarks('q5Yk8cTpQ1mYzv0aXrJ2Gw', marks.snapshot());
    expect(Buffer.byteLength(metadata)).toBeLessThanOrEqual(4_000);
    const restored = new PartitionMarks(decodeMarks(metadata, 'q5Yk8cTpQ1mYzv0aXrJ2Gw'));
    expect(restored.advance({ origin: 'file:4999#BTC', n: 1n, k: 0 })).toBe(false);
    expect(restored.advance({ origin: 'file:4990#BTC', n: 1n, k: 0 })).toBe(false);
  });

  it.each([
    '',
    'x',
    '{}',
    '[2,"e",[]]',
    '[1,"other",[]]',
    '[1,"e",[["a","b",0]]]',
    '[1,"e",[["a","1"]]]',
    '[1,"e",[7]]',
  ])('does not take %j for marks of this epoch', (metadata) => {
    expect(decodeMarks(metadata, 'e')).toBeUndefined();
  });
});
