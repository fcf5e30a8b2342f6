import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identify } from '@tickwell/local-stack';
import { joinPlatform } from './background.ts';
import {
  instancePaths,
  writePlatformState,
  type InstancePaths,
  type PlatformState,
} from './platform-state.ts';
import { stepJson, stepTeller, stepText, type StartStep } from './steps.ts';

const PG = { host: '127.0.0.1', port: 1, user: 'a', password: 'b', database: 'qdb' };
const READY = {
  state: 'ready',
  message: '',
  endpoints: {
    kafkaBrokers: ['127.0.0.1:1'],
    questdbHttpUrl: 'http://127.0.0.1:1',
    questdbPg: PG,
    questdbPgReadonly: PG,
  },
  grpcAddress: '127.0.0.1:2',
} as const;
const KAFKA: StartStep = { part: 'kafka', text: 'Kafka is ready', afterMs: 2_940 };

describe('joinPlatform', () => {
  let paths: InstancePaths;
  let starting: PlatformState;
  beforeEach(async () => {
    paths = instancePaths(mkdtempSync(join(tmpdir(), 'tickwell-join-')));
    // This process stands in for the one that starts the platform: it lives.
    const owner = await identify(process.pid);
    if (owner === undefined) throw new Error('no self');
    const logFile = join(paths.dataDir, 'platform.log');
    starting = { version: 1, state: 'starting', owner, message: '', startedAtMs: 1, logFile, services: [] };
  });
  afterEach(() => {
    rmSync(paths.dataDir, { recursive: true });
  });
  const write = (state: Partial<PlatformState>): void => {
    writePlatformState(paths.stateFile, { ...starting, ...state });
  };
  /** What is written as soon as the joining one says that it waits. */
  const joined = async (
    next: Partial<PlatformState>,
  ): Promise<{ texts: string[]; address: string | undefined }> => {
    const texts: string[] = [];
    const platform = await joinPlatform(paths, (step) => {
      texts.push(step.text);
      if (texts.length === 1) write(next);
    });
    return { texts, address: platform?.grpcAddress };
  };

  it('waits for a platform that another process starts, and tells its steps', async () => {
    write({ steps: [KAFKA] });
    expect(await joined({ ...READY, steps: [KAFKA, { ...KAFKA, text: 'QuestDB is ready' }] })).toEqual({
      texts: [
        `waiting for process ${process.pid}, which is starting the platform`,
        'Kafka is ready',
        'QuestDB is ready',
      ],
      address: '127.0.0.1:2',
    });
  });

  it('says why the other start failed', async () => {
    write({});
    await expect(joined({ state: 'failed', message: 'port 9092 is busy' })).rejects.toThrow(
      /^port 9092 is busy \(.*platform\.log\)$/,
    );
  });

  it('says the last line of its log, and no name twice, where the other died before it could say why', async () => {
    write({});
    writeFileSync(starting.logFile, 'one\ntickwell: Java is missing\n');
    const dead = { ...starting.owner, startToken: 'of an earlier process' };
    await expect(joined({ owner: dead })).rejects.toThrow(/^the platform did not start: Java is missing \(/);
  });

  it('takes one that is ready as it is, and finds none where none runs', async () => {
    expect(await joinPlatform(paths, () => undefined)).toBeUndefined();
    write({ state: 'failed' });
    expect(await joinPlatform(paths, () => undefined)).toBeUndefined();
    write(READY);
    expect((await joinPlatform(paths, () => undefined))?.grpcAddress).toBe('127.0.0.1:2');
  });

  it('waits no longer than it is wanted', async () => {
    write({});
    const enough = new AbortController();
    const waiting = joinPlatform(
      paths,
      () => {
        enough.abort();
      },
      enough.signal,
    );
    expect(await waiting).toBeUndefined();
  });
});

describe('steps', () => {
  it('are a line with the time since the start, or JSON', () => {
    expect(stepText(KAFKA)).toBe('   2.9 s  Kafka is ready');
    expect(JSON.parse(stepJson(KAFKA))).toEqual({
      type: 'step',
      part: 'kafka',
      text: 'Kafka is ready',
      seconds: 2.94,
    });
  });

  it('are told in order, each not before the one before', () => {
    const told: StartStep[] = [];
    const tell = stepTeller((step) => told.push(step));
    tell('kafka', 'one');
    tell('schema', 'two');
    expect(told.map(({ part, text }) => `${part} ${text}`)).toEqual(['kafka one', 'schema two']);
    expect(told[1]?.afterMs).toBeGreaterThanOrEqual(told[0]?.afterMs ?? Number.NaN);
  });
});
