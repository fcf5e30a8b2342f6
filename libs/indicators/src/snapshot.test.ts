import { describe, expect, it } from 'vitest';
import { createIndicator, restore } from './engine.ts';
import { barsOf } from './fixtures/bars.ts';
import { parseSpec } from './spec.ts';

function specOf(text: string): Parameters<typeof restore>[0] {
  const result = parseSpec(text);
  if (!result.ok) throw new Error(result.error.message);
  return result.spec;
}

/** `sma(2,close)` after 1, 2, 4, taken by format 1: stored checkpoints look like this, so this test may not be edited to fit. */
const FORMAT_1 =
  '01010c736d6128322c636c6f736529' + // format 1, revision 1, 12 characters: sma(2,close)
  '0301' + // three inputs, warm
  '000000000000184000000000000000000000000000000000' + // sum 6, exact
  '000000000000084000000000000000000000000000000000' + // sum 3 before the last input, exact
  '0000000000000840' + // value 3
  '0103' + // the last input was pushed; three numbers: 1 (has left), 2, 4
  '000000000000f03f00000000000000400000000000001040';

describe('snapshots', () => {
  const indicator = createIndicator(specOf('sma(2)'));
  for (const bar of barsOf([1, 2, 4])) indicator.update(bar);

  it('are written in format 1', () => {
    expect(Buffer.from(indicator.snapshot()).toString('hex')).toBe(FORMAT_1);
  });

  it('of format 1 are read, wherever they lie in a larger buffer', () => {
    const inside = Buffer.concat([Buffer.alloc(3), Buffer.from(FORMAT_1, 'hex')]).subarray(3);
    const result = restore(specOf('sma(2)'), inside);
    if (!result.ok) throw new Error(result.error.message);
    expect(result.indicator.value).toEqual({ warm: true, values: [3] });
    expect(result.indicator.inputs).toBe(3);
    const [bar] = barsOf([6]);
    expect(result.indicator.replace(bar!).values).toEqual([4]);
  });

  it('do not change with the indicator they were taken from', () => {
    const running = createIndicator(specOf('sma(2)'));
    const [first, second] = barsOf([1, 2]);
    running.update(first!);
    const snapshot = running.snapshot();
    const before = snapshot.slice();
    running.update(second!);
    expect(snapshot).toEqual(before);
  });

  it.each([
    ['ema(2)', 'spec', 'snapshot of sma(2,close) cannot restore ema(2,close)'],
    ['sma(3)', 'spec', 'snapshot of sma(2,close) cannot restore sma(3,close)'],
    ['sma(2,open)', 'spec', 'a changed specification is a new series'],
  ])('of sma(2) do not restore %s', (text, reason, message) => {
    const result = restore(specOf(text), indicator.snapshot());
    if (result.ok) throw new Error('restored');
    expect(result.error).toMatchObject({ code: `indicator-snapshot-${reason}`, retryable: false });
    expect(result.error.message).toContain(message);
  });

  it('of another format or formula revision are refused with both numbers', () => {
    const bytes = indicator.snapshot();
    const messages = [bytes.with(0, 9), bytes.with(1, 7)].map((changed) => {
      const result = restore(specOf('sma(2)'), changed);
      return result.ok ? '' : result.error.message;
    });
    expect(messages[0]).toContain('format 9, this build reads 1');
    expect(messages[1]).toContain('formula revision 7, this build computes 1');
  });

  it.each([
    ['a flag that is neither 0 nor 1', 16, 2],
    ['more numbers than the bytes hold', 74, 9],
    ['fewer numbers than the bytes hold', 74, 2],
  ])('with %s are damaged', (_, at, byte) => {
    const result = restore(specOf('sma(2)'), indicator.snapshot().with(at, byte));
    expect(!result.ok && result.error.code).toBe('indicator-snapshot-damaged');
    expect(!result.ok && result.error.message).toContain('snapshot for sma(2,close): ');
  });

  it('with more numbers than the window has are damaged', () => {
    const bytes = Buffer.concat([indicator.snapshot().with(74, 4), Buffer.alloc(8)]);
    const result = restore(specOf('sma(2)'), bytes);
    expect(!result.ok && result.error.message).toContain('4 numbers in a window of 2');
  });
});
