import type { Kernel } from './definition.ts';
import { at } from './rows.ts';
import { Window } from './window.ts';

/** A kernel of one output, which the last `size` numbers of the source decide: what `value` says of the full window. */
export function windowKernel(size: number, value: (window: Window) => number): Kernel {
  const window = new Window(size);
  return {
    slots: 0,
    windows: [window],
    run(_state, { price }, out, from, to) {
      for (let row = from; row < to; row += 1) {
        window.push(at(price, row));
        if (window.full) out[row] = value(window);
      }
    },
  };
}

/** A kernel of one output, which the source's number and the one `size` inputs before it decide. */
export function changeKernel(size: number, change: (now: number, before: number) => number): Kernel {
  const window = new Window(size);
  return {
    slots: 0,
    windows: [window],
    run(_state, { price }, out, from, to) {
      for (let row = from; row < to; row += 1) {
        const now = at(price, row);
        window.push(now);
        if (window.hasLeaving) out[row] = change(now, window.leaving);
      }
    },
  };
}
