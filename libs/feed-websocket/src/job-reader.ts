import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { checkSymbol, checkVendorSymbol, err, errorMessage, JsonFields, type Result } from '@tickwell/domain';
import type { FeedJob } from '@tickwell/ports';
import { SERIES, type Series, type WebsocketDefinition } from './definition.ts';
import { websocketJob, type WebsocketContext } from './jobs.ts';
import type { FeedInstrument } from './live-source.ts';
import { parseWebsocketDefinition } from './read-definition.ts';

/** Definitions that come with Tickwell. */
const READY = join(import.meta.dirname, '../definitions');

type Read<T> = Result<T, readonly string[]>;

/** Names of the definitions that come with Tickwell. */
export function readyDefinitions(): readonly string[] {
  return readdirSync(READY)
    .map((file) => file.replace(/\.json$/, ''))
    .sort();
}

/** Whether it is the name of a ready definition ("coinbase"), not the path of a file. */
export function isReadyDefinition(name: string): boolean {
  return /^[a-z0-9-]+$/.test(name);
}

/** Whether a name or file is a definition of this type; what cannot be read, or is no JSON, is none. */
export function isWebsocketDefinition(name: string): boolean {
  if (isReadyDefinition(name)) return readyDefinitions().includes(name);
  if (!name.endsWith('.json')) return false;
  try {
    const value: unknown = JSON.parse(readFileSync(name, 'utf8'));
    return typeof value === 'object' && value !== null && 'type' in value && value.type === 'websocket';
  } catch {
    // Whoever reads it as another type says what is wrong.
    return false;
  }
}

/** A definition by the name of a ready one, or the path of a file. */
export function loadWebsocketDefinition(name: string): Read<WebsocketDefinition> {
  const isReady = isReadyDefinition(name);
  const path = isReady ? join(READY, `${name}.json`) : name;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    return err([
      isReady
        ? `definition ${name} is none of the ready ones: ${readyDefinitions().join(', ')}; a file of your own ends in .json`
        : `definition ${name} cannot be read (${errorMessage(cause)})`,
    ]);
  }
  return parseWebsocketDefinition(text, isReady ? `${name}.json` : basename(name));
}

/**
 * A job `{"type":"websocket","definition":"coinbase","symbols":["BTC-USD",{"symbol":"BTCUSD","vendor":"BTC-USD"}],
 * "kinds":["trades"]}`; "interval" chooses among bars. Every problem at once.
 */
export function readWebsocketJob(
  value: unknown,
  where: string,
  context: WebsocketContext,
): Read<readonly FeedJob[]> {
  const fields = new JsonFields(value, where);
  fields.take('type');
  const name = fields.requiredText('definition');
  const instruments = readInstruments(fields);
  const series = readKinds(fields);
  const interval = fields.text('interval');
  const definition = name === '' ? undefined : loadWebsocketDefinition(name);
  if (definition?.ok === false) fields.problems.push(...definition.error);
  if (definition?.ok !== true || fields.problems.length > 0) return fields.finish([]);
  const jobs = websocketJob({ definition: definition.value, instruments, series, interval }, context);
  if (!jobs.ok) fields.problems.push(...jobs.error.map((problem) => `${where}: ${problem}`));
  return fields.finish(jobs.ok ? jobs.value : []);
}

/** "AAPL", or {"symbol":"BTCUSD","vendor":"BTC-USD"} where the feed calls it something else. */
function readInstruments(fields: JsonFields): readonly FeedInstrument[] {
  return (fields.list('symbols') ?? []).flatMap((value, index): FeedInstrument[] => {
    const of = new JsonFields(typeof value === 'string' ? { symbol: value } : value, `symbols[${index}]`);
    const symbol = of.requiredText('symbol');
    const ticker = of.text('vendor') ?? symbol;
    const checked = checkSymbol(symbol);
    if (symbol !== '' && !checked.ok) of.problem('symbol', checked.error);
    const name = checkVendorSymbol(ticker);
    if (symbol !== '' && !name.ok) of.problem('vendor', name.error);
    const read = of.finish<FeedInstrument>({ symbol, ticker });
    if (read.ok) return [read.value];
    fields.problems.push(...read.error);
    return [];
  });
}

function readKinds(fields: JsonFields): readonly Series[] | undefined {
  return fields.list('kinds')?.flatMap((value) => {
    const kind = SERIES.find((one) => one === value);
    if (kind === undefined) fields.problem('kinds', `may hold ${SERIES.join(', ')}`);
    return kind === undefined ? [] : [kind];
  });
}
