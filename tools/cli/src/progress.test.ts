import { describe, expect, it } from 'vitest';
import { Progress, progressText } from './progress.ts';
import type { Terminal } from './terminal.ts';

function fakeTerminal(interactive: boolean): Terminal & { lines: string[]; shown: (string | null)[] } {
  const lines: string[] = [];
  const shown: (string | null)[] = [];
  return {
    lines,
    shown,
    interactive,
    print: (line) => lines.push(line),
    write: () => Promise.resolve(),
    note: (line) => lines.push(line),
    transient: (line) => shown.push(line),
    paint: (_style, text) => text,
  };
}

describe('progressText', () => {
  it('says how far, how fast, what was refused, and how long yet', () => {
    expect(progressText('a.csv:', { done: 40_000, total: 100_000, refused: 2 }, 20_000)).toBe(
      'a.csv: 40,000 of 100,000 (40 %), 2 refused, 20,000/s, 3.0 s left',
    );
  });

  it('leaves out what is not known', () => {
    expect(progressText('a.csv:', { done: 7 }, 0)).toBe('a.csv: 7');
  });

  it('never claims more than all', () => {
    expect(progressText('a:', { done: 101, total: 100 }, 0)).toBe('a: 101 of 100 (100 %)');
  });
});

describe('Progress', () => {
  it('changes one line on a terminal', () => {
    const terminal = fakeTerminal(true);
    const progress = new Progress(terminal, 'x');
    progress.report({ done: 1 });
    progress.end();
    expect(terminal.shown).toEqual(['x 1', null]);
    expect(terminal.lines).toEqual([]);
  });

  it('says nothing about short work elsewhere', () => {
    const terminal = fakeTerminal(false);
    const progress = new Progress(terminal, 'x');
    progress.report({ done: 1 });
    progress.end();
    expect(terminal.lines).toEqual([]);
  });
});
