import { JsonFields, parseIsoTime, type Result } from '@tickwell/domain';
import {
  VERBATIM,
  type Clock,
  type EventSource,
  type FeedJob,
  type InstrumentResolver,
} from '@tickwell/ports';
import { openFileSource } from './file-source.ts';
import { isRole, parseMapping } from './mapping.ts';
import type { ColumnMapping, ColumnRef, FileSourceOptions } from './options.ts';
import { openReplay, type ReplaySpeed } from './replay.ts';
import { sampleJobs } from './sample.ts';

type Parsed<T> = Result<T, readonly string[]>;

const TEXT_OPTIONS = [
  'entry',
  'symbol',
  'interval',
  'timeZone',
  'timeFormat',
  'baseDate',
  'delimiter',
  'recordsAt',
] as const;

/** One file of a job: {@link FileSourceOptions} as JSON; `mapping` may be the text that the command line takes. */
export function readFileOptions(value: unknown, where: string): Parsed<FileSourceOptions> {
  const fields = new JsonFields(value, where);
  const texts = Object.fromEntries(
    TEXT_OPTIONS.map((name) => [name, fields.text(name)] as const).filter(([, text]) => text !== undefined),
  ) as Partial<Record<(typeof TEXT_OPTIONS)[number], string>>;
  const mapping = readMapping(fields);
  const header = fields.take('header');
  if (header !== undefined && header !== 'auto' && typeof header !== 'boolean')
    fields.problem('header', 'must be true, false or auto');
  const format = fields.choice('format', ['csv', 'jsonl', 'json', 'parquet', 'arrow', 'auto']);
  const priceType = fields.choice('priceType', ['trade', 'bid', 'ask', 'mid']);
  const barTime = fields.choice('barTime', ['start', 'end']);
  const order = fields.choice('order', ['ascending', 'descending', 'auto']);
  const priceDivisor = fields.number('priceDivisor');
  const skipLines = fields.number('skipLines');
  const kind = fields.choice('kind', ['trades', 'quotes', 'bars']);
  if (fields.take('kind') === undefined) fields.problem('kind', 'is required: trades, quotes or bars');
  return fields.finish<FileSourceOptions>({
    path: fields.requiredText('path'),
    dataset: fields.requiredText('dataset'),
    kind: kind ?? 'trades',
    priceBasis: fields.choice('priceBasis', ['unspecified', 'raw', 'split-adjusted', 'all']) ?? 'unspecified',
    ...texts,
    ...(mapping === undefined ? {} : { mapping }),
    ...(typeof header === 'boolean' ? { header } : {}),
    ...(format === undefined ? {} : { format }),
    ...(priceType === undefined ? {} : { priceType }),
    ...(barTime === undefined ? {} : { barTime }),
    ...(order === undefined ? {} : { order }),
    ...(priceDivisor === undefined ? {} : { priceDivisor }),
    ...(skipLines === undefined ? {} : { skipLines }),
  });
}

function readMapping(fields: JsonFields): ColumnMapping | undefined {
  const value = fields.take('mapping');
  if (value === undefined) return undefined;
  if (typeof value === 'string') {
    const parsed = parseMapping(value);
    if (parsed.ok) return parsed.value;
    fields.problem('mapping', parsed.error);
    return undefined;
  }
  const mapping: Partial<Record<string, ColumnRef>> = {};
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (entries.length === 0)
    fields.problem('mapping', 'must be an object of role: column, or a text such as time=Date');
  for (const [role, ref] of entries) {
    if (isRole(role) && isColumnRef(ref)) mapping[role] = ref;
    else
      fields.problem('mapping', `has "${role}", which is no role with a column name, index or list of them`);
  }
  return mapping;
}

function isColumnRef(value: unknown): value is ColumnRef {
  const isPart = (part: unknown): boolean => typeof part === 'string' || typeof part === 'number';
  return isPart(value) || (Array.isArray(value) && value.length > 0 && value.every(isPart));
}

/** A job `{"type":"files","files":[…]}`: every file is a stream of its own. */
export function readFilesJob(
  value: unknown,
  where: string,
  instruments: InstrumentResolver = VERBATIM,
): Parsed<readonly FeedJob[]> {
  const fields = new JsonFields(value, where);
  fields.take('type');
  const files = readFiles(fields, where);
  return fields.finish(files.map((file) => fileJob(file, instruments)));
}

/** A job `{"type":"sample","jar":"path"}`: the sample of the demonstration. */
export function readSampleJob(value: unknown, where: string): Parsed<readonly FeedJob[]> {
  const fields = new JsonFields(value, where);
  fields.take('type');
  return fields.finish(sampleJobs(fields.requiredText('jar')).map((file) => fileJob(file, VERBATIM)));
}

/**
 * A job `{"type":"replay","dataset":…,"files":[…] or "jar":…,"speed":10 or "max","startAt":"original", "now" or a time}`: all
 * files as one stream in order of event time.
 */
export function readReplayJob(
  value: unknown,
  where: string,
  { clock, instruments = VERBATIM }: { readonly clock: Clock; readonly instruments?: InstrumentResolver },
): Parsed<readonly FeedJob[]> {
  const fields = new JsonFields(value, where);
  fields.take('type');
  const dataset = fields.requiredText('dataset');
  const jar = fields.text('jar');
  const files = jar === undefined ? readFiles(fields, where) : sampleJobs(jar);
  const speed = readSpeed(fields);
  const startAtNs = readStart(fields, clock);
  const open: FeedJob['open'] = async () => {
    const sources: EventSource[] = [];
    for (const file of files) {
      const source = await openFileSource(file, instruments);
      if (!source.ok) return source;
      sources.push(source.value);
    }
    return openReplay({ sources, dataset, speed, startAtNs, clock });
  };
  return fields.finish([{ name: `replay ${dataset}`, open }]);
}

function readSpeed(fields: JsonFields): ReplaySpeed {
  const speed = fields.take('speed') ?? 1;
  if (speed === 'max' || (typeof speed === 'number' && speed > 0 && Number.isFinite(speed))) return speed;
  fields.problem('speed', 'must be a number above 0, or "max"');
  return 'max';
}

function readStart(fields: JsonFields, clock: Clock): bigint | 'original' {
  const text = fields.text('startAt') ?? 'original';
  if (text === 'original') return text;
  if (text === 'now') return clock.nowNs();
  const time = parseIsoTime(text);
  if (time.ok) return time.value;
  fields.problem('startAt', `must be original, now or a time: ${time.error}`);
  return 'original';
}

function readFiles(fields: JsonFields, where: string): FileSourceOptions[] {
  const files: FileSourceOptions[] = [];
  const values = fields.list('files') ?? [];
  if (values.length === 0) fields.problem('files', 'must be a list of at least one file');
  values.forEach((value, index) => {
    const parsed = readFileOptions(value, `${where}.files[${index}]`);
    if (parsed.ok) files.push(parsed.value);
    else fields.problems.push(...parsed.error);
  });
  return files;
}

function fileJob(options: FileSourceOptions, instruments: InstrumentResolver): FeedJob {
  const name = options.entry === undefined ? options.path : `${options.path}!${options.entry}`;
  return { name, open: () => openFileSource(options, instruments) };
}
