import { InvalidArgumentError, Option, type Command } from 'commander';
import { wholeNumber } from '../options.ts';
import { datasetOf } from './find-files.ts';

/** How files become events; the names are those of the ingest service's job. */
export interface FileFlags {
  readonly kind: 'trades' | 'quotes' | 'bars';
  readonly format?: string;
  readonly map?: string;
  readonly symbol?: string;
  readonly interval?: string;
  readonly dataset?: string;
  readonly timeZone?: string;
  readonly timeFormat?: string;
  readonly baseDate?: string;
  readonly priceBasis?: string;
  readonly priceType?: string;
  readonly barTime?: string;
  readonly priceDivisor?: number;
  readonly delimiter?: string;
  readonly header?: boolean;
  readonly skipLines?: number;
  readonly recordsAt?: string;
  readonly order?: string;
  readonly entry?: string;
}

export function withFileOptions(command: Command): Command {
  const choice = (flags: string, about: string, choices: readonly string[]): Option =>
    new Option(flags, about).choices(choices);
  return command
    .addOption(
      choice('--kind <kind>', 'what the rows are', ['trades', 'quotes', 'bars']).makeOptionMandatory(),
    )
    .addOption(
      choice('--format <format>', 'default: found out', ['csv', 'jsonl', 'json', 'parquet', 'arrow']),
    )
    .option(
      '--map <roles>',
      'columns by role where their names do not say, for example time=Date,close="Adj Close"',
    )
    .option('--symbol <id>', 'one instrument for the whole file; otherwise a column says it')
    .option('--interval <interval>', 'of bars, for example 1m or 1d')
    .option('--dataset <name>', 'the source becomes file:<name>; default: the name of the file')
    .option('--time-zone <zone>', 'of times that say none, for example America/New_York; default UTC')
    .option('--time-format <format>', 'epoch-s, epoch-ms, epoch-us, epoch-ns, or as DD/MM/YYYY HH:mm:ss')
    .option('--base-date <date>', 'the day of times that are milliseconds of a day')
    .addOption(
      choice('--price-basis <basis>', 'to which corporate actions prices are adjusted', [
        'unspecified',
        'raw',
        'split-adjusted',
        'all',
      ]),
    )
    .addOption(choice('--price-type <type>', 'of bars', ['trade', 'bid', 'ask', 'mid']))
    .addOption(
      choice('--bar-time <which>', 'whether bars are stamped with their start or end', ['start', 'end']),
    )
    .option('--price-divisor <number>', 'prices are divided by it', positive)
    .option('--delimiter <character>', 'of CSV; default: found out')
    .option('--header', 'CSV: the first line names the columns; default: found out')
    .option('--no-header', 'CSV: it does not; map columns by index from 0')
    .option('--skip-lines <count>', 'lines before the first', wholeNumber(0, 1000))
    .option('--records-at <property>', 'JSON: the property that holds the rows')
    .addOption(choice('--order <order>', 'default: found out', ['ascending', 'descending', 'auto']))
    .option('--entry <name>', 'which file inside a zip or jar');
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}

/** One file of a job, as services/ingest/README.md describes it. What is left out is left to the service. */
export function fileOfJob(
  path: string,
  flags: FileFlags,
): Readonly<Record<string, unknown>> & { readonly dataset: string } {
  const { map, dataset, ...same } = flags;
  const named = [
    'kind',
    'format',
    'symbol',
    'interval',
    'timeZone',
    'timeFormat',
    'baseDate',
    'priceBasis',
    'priceType',
    'barTime',
    'priceDivisor',
    'delimiter',
    'header',
    'skipLines',
    'recordsAt',
    'order',
    'entry',
  ] as const;
  const given = named.flatMap((name) => (same[name] === undefined ? [] : [[name, same[name]] as const]));
  return {
    path,
    dataset: dataset ?? datasetOf(path),
    ...Object.fromEntries(given),
    ...(map === undefined ? {} : { mapping: map }),
  };
}
