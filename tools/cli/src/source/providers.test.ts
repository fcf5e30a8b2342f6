import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseIsoTime } from '@tickwell/domain';
import { afterEach, describe, expect, it } from 'vitest';
import { providerImport } from '../commands/ingest-provider.ts';
import { createContext, type CliContext } from '../context.ts';
import { createProgram } from '../program.ts';
import { findProvider } from './known-providers.ts';

const MODULE = `export default { name: 'mine', kinds: ['bars', 'actions'], liveKinds: ['trades'], intervals: ['1d'], priceBasis: 'raw', example: 'A',
  *history({ symbol, from, to, kind }, context) {
    if (symbol !== 'A') context.fail('unknown-symbol', symbol + ' is not mine');
    if (kind === 'bars') for (let ms = Math.max(from.getTime(), Date.UTC(2020, 0, 1)); ms < to.getTime(); ms += 86400000) yield { time: new Date(ms), open: 1, high: 2, low: 1, close: CLOSE };
  },
  async *live(_request, context) { yield { time: new Date(), price: 1 }; await new Promise((done) => context.signal.addEventListener('abort', done)); } };`;

function file(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'tickwell-cli-')), 'mine.ts');
  writeFileSync(path, text);
  return path;
}

/** A context whose results are kept. */
function contextOf(env: Readonly<Record<string, string>> = {}): CliContext & { readonly printed: string[] } {
  const printed: string[] = [];
  const context = createContext({});
  const { terminal } = context;
  return {
    ...context,
    env,
    printed,
    terminal: { ...terminal, print: (line) => printed.push(line), note: (line) => printed.push(line) },
  };
}

const good = file(MODULE.replace('CLOSE', '2'));
const bad = file(MODULE.replace('CLOSE', 'null'));
const base = { instance: 'default', waitDeadline: 600 };
const from = parseIsoTime('2024-01-01');

afterEach(() => {
  process.exitCode = undefined;
});

describe('ingest provider', () => {
  it('asks for all kinds that there are, and files symbols under ids', async () => {
    const found = await findProvider(contextOf(), good);
    if (!from.ok) throw new Error(from.error);
    expect(providerImport(found, ['AAPL=A', 'B'], { ...base, from: from.value })).toEqual({
      jobs: [
        {
          type: 'provider',
          module: good,
          symbols: [{ symbol: 'AAPL', vendor: 'A' }, 'B'],
          kinds: ['bars', 'actions'],
          from: '2024-01-01T00:00:00Z',
        },
      ],
      sources: ['mine'],
    });
    expect(providerImport(found, ['A'], { ...base, live: true, for: 5 })).toMatchObject({
      jobs: [{ kinds: ['trades'], live: true }],
      untilMs: 5000,
    });
    expect(() => providerImport(found, ['A'], base)).toThrow('either --from TIME, or --live');
  });

  it('knows ready definitions and configured files by their names', async () => {
    expect(await findProvider(contextOf(), 'ecb')).toMatchObject({ path: 'ecb' });
    expect(await findProvider(contextOf({ TICKWELL_PROVIDERS: ` ${good}` }), 'mine')).toMatchObject({
      path: good,
    });
    await expect(findProvider(contextOf(), 'mine')).rejects.toThrow(
      /^there is no provider "mine": name a file .*, one of binance-futures, bitmex, coinbase, ecb, /,
    );
    await expect(findProvider(contextOf(), './no.ts')).rejects.toThrow('the file cannot be read');
  });
});

describe('source', () => {
  async function run(context: CliContext, ...args: readonly string[]): Promise<void> {
    await createProgram(context).parseAsync(['source', ...args], { from: 'user' });
  }

  it('lists what there is, and says what is wrong with a configured one', async () => {
    const context = contextOf({ TICKWELL_PROVIDERS: `${good},/nowhere/x.ts` });
    await run(context, 'list');
    const text = context.printed.join('\n');
    for (const row of [
      /^ib +built in/m,
      /^tiingo +ready +bars, actions/m,
      /^mine +configured +bars, actions +trades/m,
      /x\.ts: the file cannot be read/,
    ])
      expect(text).toMatch(row);
    expect(process.exitCode).toBe(1);
  });

  it('checks a provider and says by its exit code whether it keeps the contract', async () => {
    const context = contextOf();
    await run(context, 'check', good, '--live-seconds', '1');
    expect(process.exitCode).toBeUndefined();
    expect(context.printed.at(-1)).toMatch(/^\d+ passed, 0 failed, \d+ skipped$/);
    await run(context, 'check', bad, '--live-seconds', '1', '--json');
    expect(process.exitCode).toBe(1);
    expect(JSON.parse(context.printed.at(-1) ?? '')).toMatchObject({ ok: false });
    expect(context.printed.at(-1)).toContain('close is null, not a number');
  });

  it('checks a definition of a feed over WebSocket as such, also by its name', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'tickwell-cli-')), 'feed.json');
    writeFileSync(
      path,
      JSON.stringify({ type: 'websocket', name: 'feed', url: 'ws://127.0.0.1:9', routes: [] }),
    );
    const context = contextOf();
    await run(context, 'check', path, '--json');
    expect(process.exitCode).toBe(1);
    expect(context.printed.at(-1)).toContain('feed.json.channels is required');
    await run(context, 'check', 'coinbase', '--live-seconds', '1', '--json');
    expect(context.printed.at(-1)).toContain('"message":"coinbase: live trades, quotes"');
  });
});
