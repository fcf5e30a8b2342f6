import { err, JsonFields, parseInterval, parseTimeZone, type Result, type TimeZone } from '@tickwell/domain';
import { PROVIDER_ERROR_CODES, PROVIDER_KINDS, type ProviderKind } from '@tickwell/provider';
import { createTimeParser } from '@tickwell/text';
import { readLimits } from '../declared.ts';
import {
  ROLES,
  type AnswerFormat,
  type ColumnRef,
  type ColumnRole,
  type ErrorRule,
  type HttpDefinition,
  type Paging,
  type SeriesDefinition,
} from './schema.ts';
import { dateFormatProblem, isVariable, UTC, VARIABLES, variablesOf, type DateStyle } from './template.ts';

/** Reads a definition of type "http": every problem at once, each with its path below `where`. */
export function readHttpDefinition(value: unknown, where: string): Result<HttpDefinition, readonly string[]> {
  const fields = new JsonFields(value, where);
  fields.take('type');
  fields.list('documentation');
  const key = fields.text('key');
  const intervals = readIntervals(fields, where);
  const headers = readHeaders(fields, where, key);
  const series = new Map<ProviderKind, SeriesDefinition>();
  for (const kind of PROVIDER_KINDS) {
    const part = fields.take(kind);
    if (part === undefined) continue;
    const read = readSeries(part, kind, `${where}.${kind}`, { key, hasIntervals: intervals.size > 0 });
    if (read.ok) series.set(kind, read.value);
    else fields.problems.push(...read.error);
    if (kind === 'bars' && intervals.size === 0 && fields.take('intervals') === undefined)
      fields.problem(
        'intervals',
        `is required with bars: {"1d": "daily"}, Tickwell's interval and the vendor's word`,
      );
  }
  if (PROVIDER_KINDS.every((kind) => fields.take(kind) === undefined))
    fields.problems.push(`${where} needs at least one of ${PROVIDER_KINDS.join(', ')}: how it is asked for`);
  return fields.finish({
    name: fields.requiredText('name'),
    description: fields.text('description') ?? '',
    example: fields.text('example'),
    symbols: readPattern(fields, 'symbols'),
    key,
    headers,
    priceBasis: fields.choice('priceBasis', ['raw', 'split-adjusted', 'all']),
    priceType: fields.choice('priceType', ['trade', 'bid', 'ask', 'mid']),
    earliest: fields.text('earliest'),
    limits: readLimits(fields.take('limits'), `${where}.limits`, fields.problems),
    intervals,
    errors: readErrors(fields, where),
    series,
  });
}

function readIntervals(fields: JsonFields, where: string): ReadonlyMap<string, string> {
  const value = fields.take('intervals');
  const intervals = new Map<string, string>();
  if (value === undefined) return intervals;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    fields.problem('intervals', 'must be an object such as {"1d": "daily"}');
    return intervals;
  }
  for (const [name, word] of Object.entries(value)) {
    const interval = parseInterval(name);
    if (!interval.ok) fields.problems.push(`${where}.intervals: ${interval.error}`);
    if (typeof word === 'string') intervals.set(name, word);
    else
      fields.problems.push(
        `${where}.intervals.${name} must be a text: the vendor's word, "" if it needs none`,
      );
  }
  return intervals;
}

function readHeaders(
  fields: JsonFields,
  where: string,
  key: string | undefined,
): Readonly<Record<string, string>> {
  const value = fields.take('headers');
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    fields.problem('headers', 'must be an object such as {"Authorization": "Token {key}"}');
    return {};
  }
  const headers: Record<string, string> = {};
  for (const [name, text] of Object.entries(value)) {
    const at = `${where}.headers.${name}`;
    if (!/^[A-Za-z0-9-]+$/.test(name)) fields.problems.push(`${at}: no name of a header`);
    if (typeof text !== 'string' || /[\r\n]/.test(text)) {
      fields.problems.push(`${at} must be a text of one line`);
      continue;
    }
    headers[name] = text;
    fields.problems.push(...templateProblems(text, at, { key, allowed: ['key', 'symbol', 'interval'] }));
  }
  return headers;
}

function templateProblems(
  template: string,
  at: string,
  { key, allowed }: { readonly key: string | undefined; readonly allowed: readonly string[] },
): readonly string[] {
  return variablesOf(template).flatMap((name) => {
    if (!isVariable(name) || !allowed.includes(name))
      return [
        `${at} has {${name}}, which is not known here; known are ${allowed.map((one) => `{${one}}`).join(', ')}`,
      ];
    return name === 'key' && key === undefined
      ? [`${at} has {key}, so key is required: the name of the environment variable that holds it`]
      : [];
  });
}

function readPattern(fields: JsonFields, name: string): RegExp | undefined {
  const text = fields.text(name);
  if (text === undefined) return undefined;
  try {
    return new RegExp(text, 'u');
  } catch (cause) {
    fields.problem(
      name,
      `is no regular expression: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
    return undefined;
  }
}

function readErrors(fields: JsonFields, where: string): readonly ErrorRule[] {
  return (fields.list('errors') ?? []).flatMap((value, index) => {
    const inner = new JsonFields(value, `${where}.errors[${index}]`);
    const status = inner.number('status');
    const pattern = readPattern(inner, 'pattern');
    const code = inner.choice('code', PROVIDER_ERROR_CODES);
    if (inner.take('code') === undefined)
      inner.problem('code', `is required: what it means, one of ${PROVIDER_ERROR_CODES.join(', ')}`);
    if (status === undefined && inner.take('pattern') === undefined)
      inner.problem('status', 'or pattern is required: which answers it is about');
    const read = inner.finish({
      status,
      pattern,
      code: code ?? 'bad-answer',
      remedy: inner.text('remedy') ?? '',
    });
    if (read.ok) return [read.value];
    fields.problems.push(...read.error);
    return [];
  });
}

function readSeries(
  value: unknown,
  kind: ProviderKind,
  where: string,
  of: { readonly key: string | undefined; readonly hasIntervals: boolean },
): Result<SeriesDefinition, readonly string[]> {
  const fields = new JsonFields(value, where);
  const answer = readAnswer(fields);
  const paging = readPaging(fields, where, answer);
  return fields.finish({
    kind,
    url: readUrl(fields, where, of.key, paging),
    dates: readDates(fields, where),
    answer,
    columns: readColumns(fields, kind, where, answer),
    time: readTimeStyle(fields, where),
    nulls: new Set(
      (fields.list('nulls') ?? []).map((text) => {
        if (typeof text !== 'string') fields.problem('nulls', 'must be a list of texts');
        return String(text);
      }),
    ),
    order: fields.choice('order', ['ascending', 'descending']) ?? 'ascending',
    paging,
  });
}

const PAGING_VARIABLES: Readonly<Record<Paging['type'], readonly string[]>> = {
  page: ['page', 'limit'],
  offset: ['offset', 'limit'],
  next: [],
  cursor: ['cursor'],
};
const LOOPBACK = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?(?:\/|$)/;

function readUrl(
  fields: JsonFields,
  where: string,
  key: string | undefined,
  paging: Paging | undefined,
): string {
  const url = fields.requiredText('url');
  if (url === '') return url;
  const at = `${where}.url`;
  const extra = paging === undefined ? [] : PAGING_VARIABLES[paging.type];
  const allowed = VARIABLES.filter(
    (name) => ['symbol', 'interval', 'from', 'to', 'key'].includes(name) || extra.includes(name),
  );
  fields.problems.push(...templateProblems(url, at, { key, allowed }));
  if (!url.startsWith('https://') && !LOOPBACK.test(url))
    fields.problem(
      'url',
      'must begin with https:// (http:// only of this machine: a key would travel in the open)',
    );
  else if (!URL.canParse(url.replaceAll(/[{}]/g, ''))) fields.problem('url', 'is no URL');
  if (/^[a-z]+:\/\/[^/?#]*\{/.test(url)) fields.problem('url', 'must name its host as it is, without { }');
  const used = variablesOf(url);
  if (!used.includes('symbol'))
    fields.problem('url', 'needs {symbol}: every symbol would get the same answer');
  const [must] = extra;
  if (must !== undefined && !used.includes(must))
    fields.problem('url', `needs {${must}}, or every page would be the first`);
  return url;
}

function readAnswer(fields: JsonFields): AnswerFormat {
  const format = fields.choice('format', ['json', 'csv']);
  if (fields.take('format') === undefined) fields.problem('format', 'is required: json or csv');
  const rows = fields.text('rows');
  const layout = fields.choice('layout', ['objects', 'arrays', 'columns']);
  const delimiter = fields.text('delimiter');
  const header = fields.flag('header');
  const skipLines = fields.number('skipLines');
  const comment = fields.text('comment');
  if (format === 'csv') {
    if (rows !== undefined || layout !== undefined) fields.problem('rows', 'and layout belong to json');
    if (delimiter !== undefined && !/^[^"\r\n]$/.test(delimiter))
      fields.problem('delimiter', 'must be one character, not a quote');
    if (skipLines !== undefined && !(Number.isInteger(skipLines) && skipLines >= 0))
      fields.problem('skipLines', 'must be a whole number from 0');
    return {
      format,
      delimiter: delimiter ?? ',',
      header: header ?? true,
      skipLines: skipLines ?? 0,
      comment: comment ?? '',
    };
  }
  if ([delimiter, header, skipLines, comment].some((one) => one !== undefined))
    fields.problem('delimiter', ', header, skipLines and comment belong to csv');
  return { format: 'json', rows: pathOf(rows ?? ''), layout: layout ?? 'objects' };
}

function pathOf(text: string): readonly string[] {
  return text === '' ? [] : text.split('.');
}

function readDates(fields: JsonFields, where: string): DateStyle {
  const value = fields.take('dates');
  const plain: DateStyle = { format: 'YYYY-MM-DD', zone: UTC, toIsIncluded: true };
  if (value === undefined) return plain;
  const inner = new JsonFields(value, `${where}.dates`);
  const format = inner.text('format') ?? plain.format;
  const problem = dateFormatProblem(format);
  if (problem !== undefined) inner.problem('format', problem);
  const zone = readZone(inner, 'zone');
  const to = inner.choice('to', ['included', 'excluded']) ?? 'included';
  const read = inner.finish({ format, zone, toIsIncluded: to === 'included' });
  if (read.ok) return read.value;
  fields.problems.push(...read.error);
  return plain;
}

function readZone(fields: JsonFields, name: string): TimeZone {
  const text = fields.text(name);
  if (text === undefined) return UTC;
  const zone = parseTimeZone(text);
  if (zone.ok) return zone.value;
  fields.problem(name, zone.error);
  return UTC;
}

function readTimeStyle(fields: JsonFields, where: string): SeriesDefinition['time'] {
  const value = fields.take('time');
  if (value === undefined) return { format: 'iso', zone: UTC, stamp: 'start' };
  const inner = new JsonFields(value, `${where}.time`);
  const format = inner.text('format') ?? 'iso';
  const zone = readZone(inner, 'zone');
  const stamp = inner.choice('stamp', ['start', 'end']) ?? 'start';
  const parser =
    format === 'auto' || format === 'ms-of-day'
      ? err(`"${format}" is not possible here: say how times are written`)
      : createTimeParser({ format, zone, sample: undefined });
  if (!parser.ok) inner.problem('format', parser.error);
  const read = inner.finish({ format, zone, stamp });
  if (read.ok) return read.value;
  fields.problems.push(...read.error);
  return { format: 'iso', zone: UTC, stamp: 'start' };
}

function readColumns(
  fields: JsonFields,
  kind: ProviderKind,
  where: string,
  answer: AnswerFormat,
): ReadonlyMap<ColumnRole, ColumnRef> {
  const columns = new Map<ColumnRole, ColumnRef>();
  const value = fields.take('columns');
  const { required, optional } = ROLES[kind];
  if (value === undefined)
    fields.problem('columns', `is required: which column is which, for ${required.join(', ')}`);
  if (value === undefined) return columns;
  const inner = new JsonFields(value, `${where}.columns`);
  for (const role of [...required, ...optional]) {
    const ref = readRef(inner, role, answer);
    if (ref !== undefined) columns.set(role, ref);
    else if (required.includes(role) && inner.take(role) === undefined)
      inner.problem(role, `is required for ${kind}: the name of its column`);
  }
  if (kind === 'actions') actionProblems(columns, inner);
  const read = inner.finish(columns);
  if (!read.ok) fields.problems.push(...read.error);
  return columns;
}

function actionProblems(columns: ReadonlyMap<ColumnRole, ColumnRef>, inner: JsonFields): void {
  const hasSplit = columns.has('splitFactor') || columns.has('splitTo');
  if (!columns.has('dividend') && !hasSplit)
    inner.problem('dividend', 'or splitFactor (or splitFrom and splitTo) is required');
  if (columns.has('splitFrom') !== columns.has('splitTo'))
    inner.problem('splitFrom', 'and splitTo come together: 1 and 4 in a 4:1 split');
}

function readRef(inner: JsonFields, role: ColumnRole, answer: AnswerFormat): ColumnRef | undefined {
  const value = inner.take(role);
  if (value === undefined) return undefined;
  if (typeof value === 'object' && value !== null && 'constant' in value) {
    const { constant } = value;
    if (typeof constant === 'string' || typeof constant === 'number')
      return { kind: 'constant', value: constant };
    inner.problem(role, 'has a constant that is neither a text nor a number');
    return undefined;
  }
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
  const byIndex = answer.format === 'csv' ? !answer.header : answer.layout === 'arrays';
  const of = parts.filter((part): part is string | number =>
    byIndex ? Number.isInteger(part) && Number(part) >= 0 : typeof part === 'string' && part !== '',
  );
  if (of.length === parts.length && of.length > 0) return { kind: 'columns', of };
  inner.problem(
    role,
    byIndex
      ? 'must be the index of its column, from 0, for rows without names'
      : 'must be the name of its column, a list of names, or {"constant": value}',
  );
  return undefined;
}

/** The sections of paging that a JSON answer alone can have. */
function readPaging(fields: JsonFields, where: string, answer: AnswerFormat): Paging | undefined {
  const value = fields.take('paging');
  if (value === undefined) return undefined;
  const inner = new JsonFields(value, `${where}.paging`);
  const type = inner.choice('type', ['page', 'offset', 'next', 'cursor']);
  if (inner.take('type') === undefined) inner.problem('type', 'is required: page, offset, next or cursor');
  const first = inner.number('first') ?? 1;
  const size = inner.number('size');
  const path = inner.text('path') ?? '';
  if (size !== undefined && !(Number.isInteger(size) && size > 0))
    inner.problem('size', 'must be a whole number above 0');
  if (type === 'offset' && size === undefined) inner.problem('size', 'is required: how many rows a page has');
  if ((type === 'next' || type === 'cursor') && path === '')
    inner.problem('path', 'is required: where the answer says how to go on');
  if ((type === 'next' || type === 'cursor') && answer.format === 'csv')
    inner.problem('type', `"${type}" needs json: a CSV cannot say how to go on`);
  const read = inner.finish(pagingOf(type, { first, size, path: pathOf(path) }));
  if (read.ok) return read.value;
  fields.problems.push(...read.error);
  return undefined;
}

function pagingOf(
  type: Paging['type'] | undefined,
  {
    first,
    size,
    path,
  }: { readonly first: number; readonly size: number | undefined; readonly path: readonly string[] },
): Paging | undefined {
  switch (type) {
    case 'page':
      return { type, first, size };
    case 'offset':
      return { type, size: size ?? 1 };
    case 'next':
    case 'cursor':
      return { type, path };
    case undefined:
      return undefined;
  }
}
