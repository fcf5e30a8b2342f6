import { expect, it } from 'vitest';
import { newTraceparent, traceIdOf } from './trace.ts';

it('makes traceparents whose trace id can be read back, each its own', () => {
  const [a, b] = [newTraceparent(), newTraceparent()];
  expect(traceIdOf(a)).toMatch(/^[0-9a-f]{32}$/);
  expect(a).not.toBe(b);
  expect(a).toContain(traceIdOf(a));
});

it.each([undefined, '', 'nonsense', '01-zz-zz-00'])('reads no trace id from %j', (text) => {
  expect(traceIdOf(text)).toBeUndefined();
});
