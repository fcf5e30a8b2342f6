import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPlatform, type Platform, type PlatformOptions } from '@tickwell/cli/platform';
import { ROOT } from './ingest.ts';

/** A platform of a test's own: free ports, data that is removed at the end, everything restarted when it dies. */
export function startTestPlatform(options: Partial<PlatformOptions> = {}): Promise<Platform> {
  return startPlatform({
    root: ROOT,
    dataDir: mkdtempSync(join(tmpdir(), 'tickwell-test-')),
    env: { TICKWELL_LOG_LEVEL: 'info' },
    grpcPort: 0,
    ephemeral: true,
    supervise: true,
    onLog: () => undefined,
    ...options,
  });
}
