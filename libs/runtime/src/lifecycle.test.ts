import { describe, expect, it } from 'vitest';
import { Lifecycle, type LifecycleState } from './lifecycle.ts';

const PATHS: Readonly<Record<LifecycleState, readonly LifecycleState[]>> = {
  starting: [],
  running: ['running'],
  stopping: ['running', 'stopping'],
  stopped: ['running', 'stopping', 'stopped'],
  failed: ['failed'],
};
const ALLOWED = new Set([
  'starting>running',
  'starting>stopping',
  'starting>failed',
  'running>stopping',
  'running>stopped',
  'running>failed',
  'stopping>stopped',
  'stopping>failed',
]);
const STATES = Object.keys(PATHS) as LifecycleState[];

describe('Lifecycle', () => {
  it.each(STATES.flatMap((from) => STATES.map((to) => ({ from, to }))))('$from to $to', ({ from, to }) => {
    const lifecycle = new Lifecycle();
    for (const step of PATHS[from]) lifecycle.to(step);
    expect(lifecycle.state).toBe(from);
    if (ALLOWED.has(`${from}>${to}`)) {
      lifecycle.to(to);
      expect(lifecycle.state).toBe(to);
    } else {
      expect(() => {
        lifecycle.to(to);
      }).toThrow(`a service that is ${from} cannot become ${to}`);
    }
  });

  it('is final once stopped or failed', () => {
    const lifecycle = new Lifecycle();
    expect(lifecycle.isFinal).toBe(false);
    lifecycle.to('failed');
    expect(lifecycle.isFinal).toBe(true);
  });
});
