import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContext } from '../context.ts';
import type { Terminal } from '../terminal.ts';
import { fileOfJob } from './file-flags.ts';
import { datasetOf, findFiles } from './find-files.ts';
import { parseIngestLine, reason } from './ingest-process.ts';
import { IngestReport, streamText } from './report.ts';

describe('findFiles', () => {
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'tickwell-find-'));
    mkdirSync(join(dir, 'deep'));
    for (const name of ['b.csv', 'a.csv', 'deep/c.csv', '.hidden', 'odd[1].csv'])
      writeFileSync(join(dir, name), 'x');
  });
  afterAll(() => {
    rmSync(dir, { recursive: true });
  });
  const names = (...paths: string[]): string[] =>
    findFiles(paths, dir).map((path) => path.slice(dir.length + 1));

  it('takes folders with all below them, without hidden files', () => {
    expect(names('.')).toEqual(['a.csv', 'b.csv', 'deep/c.csv', 'odd[1].csv']);
  });

  it('takes patterns, and a name that looks like one', () => {
    expect(names('*.csv')).toEqual(['a.csv', 'b.csv', 'odd[1].csv']);
    expect(names('odd[1].csv')).toEqual(['odd[1].csv']);
  });

  it('takes each file once, in the order asked for', () => {
    expect(names('b.csv', '.')).toEqual(['b.csv', 'a.csv', 'deep/c.csv', 'odd[1].csv']);
  });

  it('names a path that leads nowhere', () => {
    expect(() => names('a.csv', 'z.csv')).toThrow('"z.csv" names no file');
    expect(() => names('*.parquet')).toThrow('"*.parquet" names no file');
  });
});

describe('datasetOf', () => {
  it('is the name without endings, in allowed characters', () => {
    expect(['/x/btc trades.csv.gz', 'AAPL.parquet', '_.csv', 'v1.2.jsonl'].map(datasetOf)).toEqual([
      'btc-trades',
      'AAPL',
      'import',
      'v1.2',
    ]);
  });
});

describe('fileOfJob', () => {
  it('passes on what was given, under the names of the job', () => {
    const file = fileOfJob('/x/a.csv', {
      kind: 'bars',
      map: 'time=Date',
      interval: '1d',
      header: false,
      priceDivisor: 100,
    });
    expect(file).toEqual({
      path: '/x/a.csv',
      dataset: 'a',
      kind: 'bars',
      interval: '1d',
      header: false,
      priceDivisor: 100,
      mapping: 'time=Date',
    });
  });
});

describe('the lines of an ingest process', () => {
  it('are parsed; anything else is left out', () => {
    expect(parseIngestLine('{"type":"end","streams":1,"failed":0,"events":3,"refused":0}')).toMatchObject({
      type: 'end',
    });
    for (const other of ['', 'hello', '{"type":"news"}', '[]', 'null'])
      expect(parseIngestLine(other)).toBeUndefined();
  });

  it('the reason of a failure is the last error of the log, else its last line', () => {
    const log =
      '{"level":30,"msg":"hi"}\n{"level":60,"x":1,"msg":"Kafka is gone"}\n{"level":30,"msg":"bye"}\n';
    expect(reason(log)).toBe('Kafka is gone');
    expect(reason('one\ntwo\n')).toBe('two');
    expect(reason('')).toBe('it said nothing');
  });

  it('what is wrong with a job is said in words of the command line, once for all files', () => {
    const where = 'jobs[0].files[0]';
    const problems = `${where}.mapping "time=" names no column; ${where.replace('[0].f', '[1].f')}.mapping "time=" names no column; ${where}.timeZone is odd`;
    expect(reason(`ingest: TICKWELL_INGEST_JOB="/tmp/x/job.json": ${problems}\n`)).toBe(
      '--map "time=" names no column; --time-zone is odd',
    );
  });

  it('a stream is told in one line', () => {
    const done = {
      type: 'done',
      stream: 's',
      source: 'file:x',
      position: 9,
      refused: 1,
      seconds: 2,
    } as const;
    expect(streamText('x.csv', { ...done, events: 8_000, outcome: 'finished' })).toBe(
      'x.csv: 8,000 events in 2.0 s, 1 refused',
    );
    expect(streamText('x.csv', { ...done, events: 8_000, outcome: 'already' })).toMatch(
      /^x\.csv: already imported/,
    );
  });

  it('one event is one event', () => {
    const done = {
      type: 'done',
      stream: 's',
      source: 'file:x',
      position: 2,
      refused: 0,
      seconds: 1,
    } as const;
    expect(streamText('x.csv', { ...done, events: 1, outcome: 'finished' })).toBe('x.csv: 1 event in 1.0 s');
  });

  it('progress counts rows, refused ones too', () => {
    const shown: (string | null)[] = [];
    const terminal: Terminal = {
      ...createContext({}).terminal,
      interactive: true,
      note: () => undefined,
      transient: (line) => shown.push(line),
    };
    const report = new IngestReport(terminal);
    const stream = { stream: 's', source: 'file:x', total: 4 } as const;
    report.add({ type: 'started', ...stream, description: '/tmp/x.csv as x' });
    report.add({ type: 'progress', ...stream, position: 5, events: 3, refused: 1, eventsPerSecond: 1 });
    expect(shown).toEqual(['x.csv as x: 4 of 4 (100 %), 1 refused']);
  });

  it('streams that run at the same time keep their names', () => {
    const notes: string[] = [];
    const terminal: Terminal = { ...createContext({}).terminal, note: (line) => notes.push(line) };
    const report = new IngestReport(terminal);
    for (const source of ['one', 'two'])
      report.add({ type: 'started', stream: source, source, total: null, description: `${source} live` });
    const counts = { outcome: 'stopped', position: 1, events: 1, refused: 0, seconds: 1 } as const;
    for (const source of ['one', 'two']) report.add({ type: 'done', stream: source, source, ...counts });
    expect(notes.map((note) => note.split(':')[0])).toEqual(['one live', 'two live']);
  });

  it('a stream without one event is a failure, named with how many rows were refused', () => {
    const report = new IngestReport(createContext({}).terminal, false);
    const done = { type: 'done', stream: 's', source: 'file:x', position: 9, seconds: 1 } as const;
    const nothing = (): void => {
      report.throwOnNothing('default');
    };
    report.add({ ...done, outcome: 'finished', events: 1, refused: 8 });
    report.add({ ...done, outcome: 'finished', events: 0, refused: 0 });
    expect(nothing).not.toThrow();
    expect(report.onlyKnown).toBe(false);
    report.add({ type: 'started', stream: 's', source: 'file:x', description: 'bad.csv', total: null });
    report.add({ ...done, outcome: 'already', events: 0, refused: 8 });
    expect(nothing).toThrow(/^bad\.csv: all 8 rows were refused; /);
  });

  it('every failed stream is named, the last one as the error', () => {
    const report = new IngestReport(createContext({}).terminal);
    expect(() => {
      report.throwOnFailure();
    }).not.toThrow();
    const failed = {
      type: 'error',
      job: 'a',
      code: 'file-empty',
      message: 'a.csv: the file is empty',
      retryable: false,
    } as const;
    report.add(failed);
    report.add({ ...failed, job: 'b', message: 'b.csv: the file is empty' });
    expect(() => {
      report.throwOnFailure();
    }).toThrow(
      expect.objectContaining({
        code: 'file-empty',
        message: 'b.csv: the file is empty',
      }),
    );
  });
});
