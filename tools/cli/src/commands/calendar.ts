import type { Command } from 'commander';
import { calendar, CALENDAR_IDS, sessionDateText, type Calendar, type Session } from '@tickwell/calendar';
import { formatNs, parseInterval, TickwellError, utcDateNumber, type Result } from '@tickwell/domain';
import type { CliContext } from '../context.ts';
import { formatTable } from '../format/table.ts';
import { time, withExamples, withJson } from '../options.ts';

interface RangeFlags {
  readonly from: bigint;
  readonly to: bigint;
  readonly json?: true;
}

interface ExpectedFlags extends RangeFlags {
  readonly interval: string;
  readonly count?: true;
}

/** `tickwell calendar list|sessions|expected` */
export function addCalendar(program: Command, context: CliContext): void {
  const parent = program
    .command('calendar')
    .description('when markets trade, 2000 to 2030, and which bars to expect; needs no platform');
  addList(parent, context);
  addSessions(parent, context);
  addExpected(parent, context);
}

function addList(parent: Command, { terminal }: CliContext): void {
  const command = parent.command('list').description('the calendars there are');
  withExamples(withJson(command), ['tickwell calendar list']);
  command.action(({ json }: { json?: true }) => {
    const rows = CALENDAR_IDS.map((id) => {
      const { name, timeZone, firstDate, lastDate, source } = valueOf(calendar(id));
      return { id, name, timeZone, from: sessionDateText(firstDate), to: sessionDateText(lastDate), source };
    });
    if (json === true) terminal.print(JSON.stringify(rows));
    else
      for (const line of formatTable(
        ['id', 'name', 'time zone', 'from', 'to', 'facts from'].map((title) => ({ title })),
        rows.map((row) => Object.values(row)),
      ))
        terminal.print(line);
  });
}

function addSessions(parent: Command, { terminal }: CliContext): void {
  const command = withRange(
    parent.command('sessions').description('sessions with opening, close and breaks (UTC)'),
  );
  withExamples(withJson(command), [
    'tickwell calendar sessions XNYS --from 2024-07-01 --to 2024-07-10',
    'tickwell calendar sessions CME-EQUITY --from 2013-10-07 --to 2013-10-12 --json',
  ]);
  command.action((id: string, { from, to, json }: RangeFlags) => {
    const sessions = sessionsBetween(valueOf(calendar(id)), from, to);
    if (json === true) {
      for (const session of sessions) terminal.print(JSON.stringify(jsonOf(session)));
      return;
    }
    const rows = sessions.map((session) => [
      sessionDateText(session.date),
      formatNs(session.openNs),
      formatNs(session.closeNs),
      session.breaks.map(({ startNs, endNs }) => `${formatNs(startNs)} to ${formatNs(endNs)}`).join(', '),
      session.isSpecial ? 'other hours than usual' : '',
    ]);
    const titles = ['session', 'opens', 'closes', 'breaks', ''];
    for (const line of formatTable(
      titles.map((title) => ({ title })),
      rows,
    ))
      terminal.print(line);
  });
}

function addExpected(parent: Command, { terminal }: CliContext): void {
  const command = withRange(
    parent.command('expected').description('starts of the bars that a market which always trades has (UTC)'),
  )
    .requiredOption('--interval <interval>', 'for example 1m, 1h, 1d, 1w, 1mo')
    .option('--count', 'only how many');
  withExamples(withJson(command), [
    'tickwell calendar expected XNYS --interval 1h --from 2024-07-03 --to 2024-07-06',
    'tickwell calendar expected FX --interval 1m --from 2024-01-01 --to 2025-01-01 --count',
  ]);
  command.action((id: string, { from, to, interval, count, json }: ExpectedFlags) => {
    const of = valueOf(calendar(id));
    const parsed = valueOf(parseInterval(interval));
    if (count === true) {
      const expected = valueOf(of.expectedCount(parsed, from, to));
      terminal.print(json === true ? JSON.stringify({ expected }) : `${expected}`);
      return;
    }
    for (const startNs of valueOf(of.expectedStarts(parsed, from, to)))
      terminal.print(json === true ? JSON.stringify({ start: formatNs(startNs) }) : formatNs(startNs));
  });
}

function withRange(command: Command): Command {
  return command
    .argument('<calendar>', 'an id of "tickwell calendar list"')
    .requiredOption('--from <time>', 'first day or time', time)
    .requiredOption('--to <time>', 'first day or time not wanted', time);
}

function sessionsBetween(of: Calendar, fromNs: bigint, toNs: bigint): readonly Session[] {
  return toNs <= fromNs ? [] : [...valueOf(of.sessions(utcDateNumber(fromNs), utcDateNumber(toNs - 1n)))];
}

function jsonOf({ date, openNs, closeNs, breaks, isSpecial }: Session): object {
  return {
    date: sessionDateText(date),
    open: formatNs(openNs),
    close: formatNs(closeNs),
    breaks: breaks.map(({ startNs, endNs }) => ({ start: formatNs(startNs), end: formatNs(endNs) })),
    special: isSpecial,
  };
}

function valueOf<T>(result: Result<T, string>): T {
  if (result.ok) return result.value;
  throw new TickwellError('invalid-argument', result.error);
}
