import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identify } from '@tickwell/local-stack';
import {
  instancePaths,
  livePlatform,
  readPlatformState,
  writePlatformState,
  type PlatformState,
} from './platform-state.ts';

describe('platform.json', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'tickwell-state-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });
  const state = async (startToken?: string): Promise<PlatformState> => {
    const self = await identify(process.pid);
    if (self === undefined) throw new Error('no self');
    return {
      version: 1,
      state: 'ready',
      owner: { ...self, ...(startToken === undefined ? {} : { startToken }) },
      message: '',
      startedAtMs: 1,
      logFile: 'x',
      services: [],
    };
  };

  it('is written whole, for its owner alone', async () => {
    const file = instancePaths(join(dir, 'new')).stateFile;
    writePlatformState(file, await state());
    expect(readPlatformState(file)).toEqual(await state());
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(dir, 'new'))).toEqual(['platform.json']);
  });

  it('counts only while the very process that wrote it lives', async () => {
    const { stateFile } = instancePaths(dir);
    expect(await livePlatform(stateFile)).toBeUndefined();
    writePlatformState(stateFile, await state());
    expect((await livePlatform(stateFile))?.state).toBe('ready');
    // The same number, started at another time: a later process.
    writePlatformState(stateFile, await state('another time'));
    expect(await livePlatform(stateFile)).toBeUndefined();
  });

  it('of another version, or broken, is an error that says what to do', () => {
    const { stateFile } = instancePaths(dir);
    for (const text of ['{', '{"version":2,"owner":{"pid":1},"services":[]}', '[]']) {
      writeFileSync(stateFile, text);
      expect(() => readPlatformState(stateFile)).toThrow('was not written by this version');
    }
  });
});
