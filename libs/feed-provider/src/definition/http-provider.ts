import { err, ok, type Result } from '@tickwell/domain';
import {
  ProviderError,
  type HistoryRequest,
  type Provider,
  type ProviderContext,
  type ProviderRow,
} from '@tickwell/provider';
import { asProviderError } from '../failures.ts';
import { describe } from '../row-time.ts';
import { beginning, bodyText, hostOf } from '../http.ts';
import { at, readAnswer, type Page } from './answer.ts';
import { RowMapper } from './map-row.ts';
import { readHttpDefinition } from './read-definition.ts';
import type { ErrorRule, HttpDefinition, Paging, SeriesDefinition } from './schema.ts';
import { fill, writeDate } from './template.ts';

const MAX_PAGES = 10_000;
/** Newest-first answers are turned round in memory. */
const MAX_TURNED_ROWS = 1_000_000;
const MAX_ATTEMPTS = 4;
const BASE_DELAY_MS = 1000;
/** An error that comes as text is short. */
const JUDGED_CHARACTERS = 4000;

/** A provider of a definition of type "http". Errors: every problem of the definition. */
export function httpProvider(value: unknown, where: string): Result<Provider, readonly string[]> {
  const read = readHttpDefinition(value, where);
  return read.ok ? ok(providerOf(read.value)) : err(read.error);
}

function providerOf(definition: HttpDefinition): Provider {
  const { name, description, example, priceBasis, priceType, earliest, limits, intervals, series } =
    definition;
  return {
    name,
    description,
    kinds: [...series.keys()],
    intervals: [...intervals.keys()],
    limits,
    ...(example === undefined ? {} : { example }),
    ...(priceBasis === undefined ? {} : { priceBasis }),
    ...(priceType === undefined ? {} : { priceType }),
    ...(earliest === undefined ? {} : { earliest }),
    history: (request, context) => history(definition, request, context),
  };
}

async function* history(
  definition: HttpDefinition,
  request: HistoryRequest,
  context: ProviderContext,
): AsyncGenerator<ProviderRow> {
  const series = definition.series.get(request.kind);
  if (series === undefined) context.fail('bad-answer', `the definition has no ${request.kind}`);
  checkSymbol(definition, request.symbol, context);
  const mapper = new RowMapper(series, request.interval);
  const turned: ProviderRow[] = [];
  for await (const page of pages(definition, series, request, context)) {
    for (const answer of page.rows) {
      const row = mapper.map(answer);
      if (row === undefined) continue;
      if (series.order === 'ascending') yield row;
      else turned.push(row);
    }
    if (turned.length > MAX_TURNED_ROWS)
      context.fail(
        'bad-answer',
        `more than ${MAX_TURNED_ROWS} rows, newest first: ask for shorter spans (daysPerRequest)`,
      );
  }
  yield* turned.reverse();
}

function checkSymbol({ symbols, example }: HttpDefinition, symbol: string, context: ProviderContext): void {
  if (symbols === undefined || symbols.test(symbol)) return;
  const like = example === undefined ? '' : `; it writes them like "${example}": say SYMBOL=${example}`;
  context.fail('unknown-symbol', `"${symbol}" is no symbol of the provider${like}`);
}

/** Where the next page is: a whole address, or the variables that change. */
type Next =
  { readonly url: string } | { readonly page: number; readonly offset: number; readonly cursor: string };

async function* pages(
  definition: HttpDefinition,
  series: SeriesDefinition,
  request: HistoryRequest,
  context: ProviderContext,
): AsyncGenerator<Page> {
  const { paging } = series;
  let next: Next | undefined = { page: paging?.type === 'page' ? paging.first : 1, offset: 0, cursor: '' };
  for (let count = 1; next !== undefined; count++) {
    if (count > MAX_PAGES)
      context.fail(
        'bad-answer',
        `more than ${MAX_PAGES} pages: paging does not come to an end, or the span is too long`,
      );
    const url: string = 'url' in next ? next.url : addressOf(definition, series, request, next, context);
    const text = await ask(definition, url, request, context);
    const page = text === undefined ? { rows: [], document: undefined } : pageOf(text, series, url);
    yield page;
    next = paging === undefined ? undefined : nextPage(paging, page, next, url);
  }
}

function pageOf(text: string, series: SeriesDefinition, url: string): Page {
  const columns = [...series.columns.values()].flatMap((ref) => (ref.kind === 'columns' ? ref.of : []));
  return readAnswer(text, series.answer, { host: hostOf(url), columns: [...new Set(columns)] });
}

function addressOf(
  { key, intervals }: HttpDefinition,
  { url, dates, paging }: SeriesDefinition,
  { symbol, interval, from, to }: HistoryRequest,
  next: Extract<Next, { page: number }>,
  context: ProviderContext,
): string {
  const ns = (date: Date): bigint => BigInt(date.getTime()) * 1_000_000n;
  const size = paging?.type === 'page' || paging?.type === 'offset' ? paging.size : undefined;
  return fill(url, {
    symbol,
    interval: intervals.get(interval) ?? '',
    from: writeDate(ns(from), false, dates),
    to: writeDate(ns(to), true, dates),
    key: key === undefined ? '' : context.secret(key),
    page: String(next.page),
    offset: String(next.offset),
    limit: size === undefined ? '' : String(size),
    cursor: next.cursor,
  });
}

function nextPage(paging: Paging, { rows, document }: Page, now: Next, url: string): Next | undefined {
  switch (paging.type) {
    case 'page':
    case 'offset': {
      const isLast = rows.length === 0 || (paging.size !== undefined && rows.length < paging.size);
      if (isLast || 'url' in now) return undefined;
      return { page: now.page + 1, offset: now.offset + rows.length, cursor: '' };
    }
    case 'cursor': {
      const cursor = at(document, paging.path);
      if (cursor === undefined || cursor === null || cursor === '') return undefined;
      if (typeof cursor === 'string' || typeof cursor === 'number')
        return { page: 1, offset: 0, cursor: String(cursor) };
      throw new ProviderError('bad-answer', `"${paging.path.join('.')}" is neither a text nor a number`);
    }
    case 'next':
      return nextAddress(at(document, paging.path), paging.path, url);
  }
}

/** The key goes along, so the next page must be of the same host. */
function nextAddress(value: unknown, path: readonly string[], url: string): Next | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string' || !URL.canParse(value, url))
    throw new ProviderError('bad-answer', `"${path.join('.')}" is no address: ${describe(value)}`);
  const next = new URL(value, url);
  if (next.origin !== new URL(url).origin)
    throw new ProviderError(
      'bad-answer',
      `the next page is of another host (${next.host}), which is not followed`,
    );
  return { url: next.href };
}

/** The body of an answer; undefined: there is no data. What a rule calls a pause is asked again, a few times. */
async function ask(
  definition: HttpDefinition,
  url: string,
  { symbol, interval }: HistoryRequest,
  context: ProviderContext,
): Promise<string | undefined> {
  const { headers, intervals, key } = definition;
  const values = {
    symbol,
    interval: intervals.get(interval) ?? '',
    key: key === undefined ? '' : context.secret(key),
  };
  const filled = Object.fromEntries(
    Object.entries(headers).map(([name, template]) => [name, fill(template, values, (text) => text)]),
  );
  for (let attempt = 1; ; attempt++) {
    const answer = await answerOf(definition, url, filled, context);
    if (typeof answer === 'string') return answer;
    if (answer.code === 'no-data') return undefined;
    const isPause = answer.code === 'rate-limited' || answer.code === 'unavailable';
    if (!isPause || attempt >= MAX_ATTEMPTS) throw answer;
    await context.sleep(BASE_DELAY_MS * 2 ** (attempt - 1));
  }
}

/** Throws what was repeated already. */
async function answerOf(
  { errors }: HttpDefinition,
  url: string,
  headers: Readonly<Record<string, string>>,
  context: ProviderContext,
): Promise<string | ProviderError> {
  let response: Response;
  try {
    response = await context.fetch(url, { headers });
  } catch (error) {
    const known = asProviderError(error);
    // An allowance that is used up may come as a 429 that no pause helps.
    const rule = known?.code === 'rate-limited' ? ruleOf(errors, 429, known.message) : undefined;
    throw rule === undefined || known === undefined ? error : problemOf(rule, hostOf(url), known.message);
  }
  const text = await response.clone().text();
  const rule = ruleOf(errors, response.status, text.slice(0, JUDGED_CHARACTERS));
  if (rule !== undefined) return problemOf(rule, hostOf(url), text);
  return bodyText(response, url);
}

function ruleOf(errors: readonly ErrorRule[], status: number, text: string): ErrorRule | undefined {
  return errors.find(
    (rule) =>
      (rule.status === undefined || rule.status === status) &&
      (rule.pattern === undefined || rule.pattern.test(text)),
  );
}

function problemOf(rule: ErrorRule, host: string, text: string): ProviderError {
  const remedy = rule.remedy === '' ? '' : ` (${rule.remedy})`;
  return new ProviderError(rule.code, `${host} answers: ${beginning(text)}${remedy}`);
}
