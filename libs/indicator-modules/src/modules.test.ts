import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  allIndicators,
  BUILT_IN,
  calculate,
  createIndicator,
  IndicatorError,
  parseSpec,
} from '@tickwell/indicators';
import { afterAll, describe, expect, it } from 'vitest';
import { addIndicatorModules } from './modules.ts';

const folder = mkdtempSync(join(tmpdir(), 'tickwell-indicator-modules-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A definition as a user would write it, with something changed. */
function definition(changes: string): string {
  return `({
    name: 'lastsum', title: 'Sum', formula: 'The sum of the last values.', revision: 1,
    parameters: [{ kind: 'integer', name: 'period', min: 1, max: 100 }],
    defaultSource: 'close', reads: ['source'], outputs: ['sum'], examples: ['lastsum(3)'],
    lookback: ([period]) => period - 1, memory: () => 'window',
    create: ([period], tools) => {
      const window = tools.window(period);
      return { slots: 0, windows: [window], run(state, { price }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          window.push(price[row]);
          if (!window.full) continue;
          out[row] = 0;
          for (let at = window.end - period; at < window.end; at += 1) out[row] += window.data[at];
        }
      } };
    },
    ${changes}
  })`;
}

let files = 0;

/** Name of a new file. */
function written(text: string): string {
  files += 1;
  const path = join(folder, `module-${files}.mjs`);
  writeFileSync(path, text);
  return path;
}

async function problemOf(list: string): Promise<string> {
  const added = await addIndicatorModules(list);
  return added.ok ? '' : added.error.replaceAll(folder, '');
}

function bars(closes: readonly number[]): Parameters<typeof calculate>[1] {
  return closes.map((close, index) => ({
    open: close,
    high: close,
    low: close,
    close,
    volume: 1,
    startNs: BigInt(index),
  }));
}

describe('modules of indicators', () => {
  it('add theirs to those that a specification may name, also within others', async () => {
    const file = written(
      `export default [${definition('')}, ${definition("name: 'sumtwo', examples: ['sumtwo(2)']")}]`,
    );
    expect(await addIndicatorModules(` ${file}, `)).toEqual({ ok: true, value: ['lastsum', 'sumtwo'] });
    const parsed = parseSpec('sma(2,lastsum(3))');
    if (!parsed.ok) throw new Error(parsed.error.message);
    expect([...(calculate(parsed.spec, bars([1, 2, 3, 4]))[0] ?? [])]).toEqual([NaN, NaN, NaN, 7.5]);
    expect(allIndicators().size).toBe(BUILT_IN.size + 2);
    expect(await problemOf(file)).toBe(
      'indicators lastsum, sumtwo are there already: give yours other names',
    );
  });

  it('none are named by an empty text', async () => {
    expect(await addIndicatorModules('')).toEqual({ ok: true, value: [] });
  });

  it('may not take the name of a built-in one', async () => {
    const file = written(`export default ${definition("name: 'sma', examples: ['sma(3)']")}`);
    expect(await problemOf(file)).toBe('indicators sma are there already: give yours other names');
    expect(allIndicators().get('sma')).toBe(BUILT_IN.get('sma'));
  });

  it.each([
    ['export const a = 1', 'it has no default export: write'],
    ['export default 7', 'default export: it must be an object'],
    ['throw new Error("no licence")', 'it cannot be imported: Error: no licence'],
    ['export default {', 'it cannot be imported: '],
    [
      `export default ${definition("name: 'Sum!'")}`,
      'default export (Sum!): name must be a word of lower-case',
    ],
    [
      `export default [${definition('outputs: []')}]`,
      'default export [0] (lastsum): outputs must be a list of 1 to 50',
    ],
    [
      `export default ${definition('parameters: [{}]')}`,
      'parameters[0] must be { kind: "integer" or "number", name, min, max }',
    ],
    [`export default ${definition("reads: ['price']")}`, 'reads must be a list of source, open'],
    [`export default ${definition('create: undefined')}`, 'create must be a function of the parameters'],
    [
      `export default ${definition("examples: ['lastsum(0)']")}`,
      'has period "0", allowed is a whole number from 1',
    ],
    [
      `export default ${definition('lookback: () => 0.5')}`,
      'lastsum(3): lookback is 0.5, it must be a whole number',
    ],
    [
      `export default ${definition('lookback: () => 1')}`,
      'is not warm at input 2, its lookback says 1 inputs before',
    ],
    [
      `export default ${definition("memory: () => 'day'")}`,
      'memory must be one of window, utc-day, session, series',
    ],
    [
      `export default ${definition('create: () => ({ slots: 0.5 })')}`,
      'slots is 0.5, it must be a whole number',
    ],
    [
      `export default ${definition('create: () => ({ slots: 0, windows: [] })')}`,
      'create must return { slots, windows, run',
    ],
    [
      `export default ${definition('create: () => ({ slots: 0, windows: [], run: () => { throw new Error("oh") } })')}`,
      'its kernel threw "oh": mend its definition',
    ],
    [
      `let sum = 0; export default ${definition(
        'lookback: () => 0, create: () => ({ slots: 0, windows: [], run(state, rows, out, from, to) { for (let row = from; row < to; row += 1) out[row] = sum += rows.price[row]; } })',
      )}`,
      'all that it remembers must be in state and windows',
    ],
  ])('are told what is wrong: %#', async (text, problem) => {
    const file = written(text);
    const found = await problemOf(file);
    expect(found).toContain(`/module-${files}.mjs: `);
    expect(found).toContain(problem);
  });

  it('that are wrong are named all at once, and nothing is added', async () => {
    const fine = written(`export default ${definition("name: 'fine', examples: ['fine(3)']")}`);
    const found = await problemOf(`${fine},${join(folder, 'nowhere.ts')},${written('export default 7')}`);
    expect(found).toMatch(
      /^\/nowhere.ts: there is no such file .*; \/module-\d+.mjs: default export: it must be/,
    );
    expect(allIndicators().has('fine')).toBe(false);
  });

  it('whose kernel throws while running leave the state as it was, and the rest goes on', async () => {
    const touchy = definition(
      "name: 'touchy', examples: ['touchy()'], parameters: [], lookback: () => 0, create: () => ({ slots: 1, windows: [], run(state, { price }, out, from, to) { for (let row = from; row < to; row += 1) { state[0] += price[row]; if (price[row] === 13) throw new RangeError('thirteen'); out[row] = state[0]; } } })",
    );
    expect(await problemOf(written(`export default ${touchy}`))).toBe('');
    const parsed = parseSpec('touchy()');
    if (!parsed.ok) throw new Error(parsed.error.message);
    const indicator = createIndicator(parsed.spec);
    const [one, thirteen, four] = bars([1, 13, 4]);
    indicator.update(one!);
    expect(() => indicator.update(thirteen!)).toThrow(IndicatorError);
    expect(() => indicator.replace(thirteen!)).toThrow(/^touchy\(close\): its kernel threw "thirteen"/);
    expect(indicator.value).toEqual({ warm: false, values: [NaN] });
    expect(indicator.update(four!)).toEqual({ warm: true, values: [5] });
    expect(() => calculate(parsed.spec, bars([1, 13]))).toThrow(/its kernel threw "thirteen"/);
  });
});
