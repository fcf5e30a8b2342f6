import type { Command } from 'commander';
import { TickwellError } from '@tickwell/domain';
import { addIndicatorModules, INDICATOR_MODULES } from '@tickwell/indicator-modules';
import type { CliContext } from '../context.ts';
import { formatCount } from '../format/numbers.ts';
import { checkOutFile, pour, writeFile } from '../get/file-out.ts';
import { csvSink, jsonLinesSink, tableSink } from '../get/text-sinks.ts';
import { indicatorTable, type IndicatorFlags, type IndicatorTable } from '../indicators/indicator-table.ts';
import { findFiles } from '../ingest/find-files.ts';
import { withExamples, withJson } from '../options.ts';

interface OutputFlags {
  readonly csv?: true;
  readonly json?: true;
  readonly out?: string;
  readonly modules?: string;
}

/** `tickwell indicators FILE` */
export function addIndicators(program: Command, context: CliContext): void {
  const command = program
    .command('indicators')
    .description(
      'computes indicators over a file of bars, without a platform: a row per row of the file, empty where one is not warm',
    )
    .argument('<file>', 'CSV, JSON, Parquet or Arrow, also in gzip or zip')
    .requiredOption('--spec <list>', 'for example "RSI(14),MACD(12,26,9)"; docs/indicators.md has them all')
    .option('--symbol <id>', 'instrument of a file that does not say; default: its name')
    .option('--timezone <zone>', 'of times that say none, for example America/New_York; default UTC')
    .option('--time-format <format>', 'epoch-s, epoch-ms, or as DD/MM/YYYY HH:mm:ss; default: found out')
    .option('--calendar <id>', 'whose sessions bars within days belong to, for vwap(session) and its like')
    .option(
      '--modules <files>',
      `indicators of your own, for example ./mine.ts; default: ${INDICATOR_MODULES}`,
    )
    .option('--entry <name>', 'which file inside a zip')
    .option('--csv', 'CSV on standard output')
    .option('--out <file>', 'a file that ends in .parquet, .csv or .jsonl');
  withExamples(withJson(command), [
    'tickwell indicators prices.csv --spec "RSI(14),MACD(12,26,9)"',
    'tickwell indicators prices.csv.gz --spec "sma(20),ema(9,rsi(14)),bbands(20,2)" --out indicators.csv',
    'tickwell indicators minute.parquet --spec "vwap(session)" --calendar XNYS --json',
    'tickwell indicators prices.csv --spec "choppiness(14)" --modules examples/indicator/src/main.ts',
  ]);
  command.action(async (path: string, flags: IndicatorFlags & OutputFlags) => {
    checkOutput(flags);
    const modules = await addIndicatorModules(flags.modules ?? context.env[INDICATOR_MODULES] ?? '');
    if (!modules.ok) throw new TickwellError('invalid-argument', modules.error);
    const [file, ...others] = findFiles([path], process.cwd());
    if (file === undefined || others.length > 0)
      throw new TickwellError(
        'invalid-argument',
        `${path} names ${others.length + 1} files: name one, indicators are those of one file`,
      );
    const table = await indicatorTable(file, flags);
    if (!table.ok) throw new TickwellError('invalid-argument', table.error);
    await output(context, flags, table.value);
    for (const note of table.value.notes) context.terminal.note(note);
  });
}

function checkOutput({ csv, json, out }: OutputFlags): void {
  if ([csv, json, out].filter((flag) => flag !== undefined).length > 1)
    throw new TickwellError('invalid-argument', 'choose one of --csv, --json and --out');
  if (out !== undefined) checkOutFile(out);
}

async function output(
  { terminal }: CliContext,
  flags: OutputFlags,
  { chunk, format }: IndicatorTable,
): Promise<void> {
  const write = (text: string): Promise<void> => terminal.write(text);
  if (flags.out !== undefined) {
    const rows = await writeFile(flags.out, [chunk], format);
    terminal.note(`${formatCount(rows)} rows in ${flags.out}`);
  } else if (flags.csv === true) await pour([chunk], csvSink(write, format));
  else await pour([chunk], flags.json === true ? jsonLinesSink(write, format) : tableSink(write, format));
}
