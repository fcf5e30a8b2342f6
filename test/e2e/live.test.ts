import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliHome } from '../support/cli.ts';
import { until } from '../support/wait.ts';

const DEMO_MS = 300_000;

describe('npm start -- --live', () => {
  let home: CliHome;
  beforeAll(async () => {
    home = await CliHome.create();
  });
  afterAll(() => {
    home.remove();
  });

  it(
    'follows a simulated IB Gateway from its ticks to bars of a subscriber, and ends with its children at once',
    async () => {
      const run = home.start('demo', '--live', '--instance', 'live');
      const isOver = run.ended.then((result) => {
        throw new Error(`it ended early: ${result.stderr}`);
      });
      const shown = until(
        'a bar of live ticks',
        () => run.stdout(),
        (text) => /Following BTCUSD of a simulated IB Gateway.*\n(.*\n)*? {2}\S+ BTCUSD bar 1m o /.test(text),
        DEMO_MS,
      );
      await Promise.race([shown, isOver]);
      isOver.catch(() => undefined);
      run.child.kill('SIGINT');
      const { stderr } = await run.ended;
      expect(stderr).not.toContain('tickwell: ');
      expect(stderr).toMatch(/stopped\n$/);
    },
    DEMO_MS,
  );
});
