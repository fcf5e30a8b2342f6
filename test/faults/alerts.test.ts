import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { connect, type Alerts, type TickwellClient } from '@tickwell/client';
import { headerOf, HttpReceiver, SmtpReceiver } from '@tickwell/notify/fixtures';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliHome } from '../support/cli.ts';
import { runIngest } from '../support/ingest.ts';
import { startTestPlatform } from '../support/platform.ts';
import { countRows } from '../support/store.ts';
import { until } from '../support/wait.ts';

/** One row is no bar: its high is below its low. */
const CSV = `time,symbol,open,high,low,close
2024-01-02,AAPL,10,11,9,10
2024-01-03,AAPL,10,1,9,10
`;
const MAIL = 'ops-mail';
const HOOK = 'ops-chat';

type Service = Platform['services'][number];

/** With two copies of the monitor, and a mail server and a chat that are real. */
describe('alerts, with every part that matters dying', () => {
  const mail = new SmtpReceiver();
  const chat = new HttpReceiver();
  let platform: Platform;
  let client: TickwellClient;
  let folder: string;
  let home: CliHome;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwell-alerts-'));
    home = await CliHome.create();
    await mail.start();
    await chat.start();
    platform = await startTestPlatform({
      copies: { monitor: 2 },
      serviceEnv: { monitor: { TICKWELL_ALERTS_INTERVAL_MS: '300', TEST_CHAT_URL: chat.url } },
    });
    client = connect({ address: platform.grpcAddress });
    await put(MAIL, {
      ...{ type: 'email', host: '127.0.0.1', port: mail.port, tls: 'none' },
      ...{ from: 'tickwell@example.com', to: ['ops@example.com'] },
    });
    await put(HOOK, { type: 'webhook', url: 'env:TEST_CHAT_URL' });
  });
  afterAll(async () => {
    // Absent where it could not start.
    (client as TickwellClient | undefined)?.close();
    await (platform as Platform | undefined)?.stop();
    await Promise.all([mail.stop(), chat.stop()]);
    home.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function put(id: string, document: object): Promise<void> {
    await client.config.put({ kind: 'alert', id, payloadJson: JSON.stringify(document) });
  }

  /** A rule about one data set, which is on fire as long as the data set has a dead letter. */
  const rule = (dataset: string, more: object = {}): object => ({
    ...{ metric: 'dead-letters', above: 0, where: { source: `file:${dataset}` }, recoverFor: '0s' },
    ...{ severity: 'critical', repeat: '1h', channels: [MAIL, HOOK] },
    ...more,
  });

  async function goBad(dataset: string): Promise<void> {
    const path = join(folder, `${dataset}.csv`);
    writeFileSync(path, CSV);
    const files = [{ path, dataset, kind: 'bars', interval: '1d' }];
    const { code, output } = await runIngest(platform.endpoints, { type: 'files', files }).ended;
    expect(code, output.slice(-2_000)).toBe(0);
  }

  async function mend(dataset: string): Promise<void> {
    const ids: string[] = [];
    for await (const { id } of client.deadLetters.list({ source: `file:${dataset}` })) ids.push(id);
    expect(ids).toHaveLength(1);
    await client.deadLetters.purge({ ids, note: 'a test' });
  }

  const alerts = (of: string): Promise<Alerts> => client.quality.alerts({ rule: of, history: 1_000 });
  /** What happened to the alerts of a rule, oldest first. */
  const happened = async (of: string): Promise<readonly string[]> =>
    (await alerts(of)).history
      .map(({ kind, channel }) => (channel === '' ? kind : `${kind} ${channel}`))
      .reverse();
  const posts = (of: string): readonly string[] =>
    chat.posts.map(({ body }) => body).filter((body) => body.includes(` ${of} (`));
  const mails = (of: string): readonly string[] =>
    mail.mails.map(({ raw }) => headerOf(raw, 'subject')).filter((subject) => subject.includes(` ${of} (`));
  const monitors = (): readonly Service[] => platform.services.filter(({ spec }) => spec.name === 'monitor');

  async function owner(): Promise<Service> {
    return until(
      'a copy that runs the tasks',
      async () => {
        for (const service of monitors()) {
          const text = await fetch(`http://127.0.0.1:${service.spec.metricsPort}/metrics`).then(
            (response) => response.text(),
            () => '',
          );
          if (/^tickwell_monitor_owner(?:\{[^}]*\})? 1\b/m.test(text)) return service;
        }
        return undefined;
      },
      (found) => found !== undefined,
    ).then((found) => {
      if (found === undefined) throw new Error('none');
      return found;
    });
  }

  it('fires once, reaches a mail server that was down although the monitor died meanwhile, and recovers once', async () => {
    await mail.stop();
    await put('down', rule('down'));
    await goBad('down');
    await until(
      'a mail that failed, and a message that did not',
      () => happened('down'),
      (kinds) => [`delivery-failed ${MAIL}`, `delivered ${HOOK}`].every((kind) => kinds.includes(kind)),
    );
    expect(posts('down')).toHaveLength(1);
    const [open] = (await alerts('down')).open;
    expect(open).toMatchObject({ phase: 'firing', severity: 'critical', undelivered: [{ channel: MAIL }] });
    // Between firing and delivery, and every copy.
    await Promise.all(monitors().map((service) => service.kill()));
    await mail.start();
    await until(
      'the mail',
      () => mails('down').length,
      (count) => count > 0,
    );
    await mend('down');
    await until(
      'the mail that it is over',
      () => mails('down').length,
      (count) => count > 1,
    );
    await until(
      'nothing open',
      async () => (await alerts('down')).open.length,
      (count) => count === 0,
    );
    expect(mails('down').map((subject) => subject.split(' ')[0])).toEqual(['[critical]', '[recovered]']);
    expect(posts('down')).toHaveLength(2);
    const kinds = (await happened('down')).filter((kind) => !kind.startsWith('delivery-failed'));
    expect(kinds.filter((kind) => !kind.startsWith('delivered'))).toEqual(['fired', 'recovered']);
    expect(kinds.filter((kind) => kind.startsWith('delivered'))).toHaveLength(4);
  });

  it('is told by the copy that takes over, once, also where the one before only slept', async () => {
    const sleeping = await owner();
    sleeping.pause();
    try {
      await put('zombie', rule('zombie'));
      await goBad('zombie');
      await until(
        'the mail',
        () => mails('zombie').length,
        (count) => count > 0,
      );
    } finally {
      sleeping.resume();
    }
    await until(
      'one copy that owns the tasks again',
      async () => (await owner()).label,
      (label) => label !== '',
    );
    await mend('zombie');
    await until(
      'the mail that it is over',
      () => mails('zombie').length,
      (count) => count > 1,
    );
    expect(mails('zombie').map((subject) => subject.split(' ')[0])).toEqual(['[critical]', '[recovered]']);
    await until(
      'the other channel',
      () => posts('zombie').length,
      (count) => count > 1,
    );
    expect(posts('zombie')).toHaveLength(2);
  });

  it('repeats never within its window', async () => {
    await put('again', rule('again', { repeat: '2s', channels: [HOOK] }));
    await goBad('again');
    await until(
      'three messages',
      () => posts('again').length,
      (count) => count >= 3,
    );
    await mend('again');
    await until(
      'nothing open',
      async () => (await alerts('again')).open.length,
      (count) => count === 0,
    );
    const { history } = await alerts('again');
    const told = history.filter(({ kind }) => kind === 'fired' || kind === 'repeated').reverse();
    expect(told[0]?.kind).toBe('fired');
    for (const [index, { timeNs, kind }] of told.slice(1).entries()) {
      expect(kind).toBe('repeated');
      expect(timeNs - (told[index]?.timeNs ?? 0n)).toBeGreaterThanOrEqual(2_000_000_000n);
    }
  });

  it('is held back in quiet hours and by a silence, and told when they are over', async () => {
    const quiet = [{ timeZone: 'UTC', from: '00:00', to: '24:00', pass: 'none' }];
    await put('quiet', rule('quiet', { quiet, channels: [HOOK] }));
    await goBad('quiet');
    const found = await until(
      'the alert',
      () => alerts('quiet'),
      ({ open }) => open.length > 0,
    );
    expect(found.open[0]).toMatchObject({ held: 'quiet hours 00:00 to 24:00 UTC', toldNs: undefined });
    const cli = (...args: string[]): ReturnType<CliHome['run']> =>
      home.run('alert', ...args, '--address', platform.grpcAddress);
    const silenced = await cli('silence', 'quiet', '--for', '1h', '--note', 'a test');
    expect(silenced, silenced.stderr).toMatchObject({ code: 0, stdout: 'silence:quiet is in force\n' });
    await put('quiet', rule('quiet', { channels: [HOOK] }));
    const listed = await cli('list', '--firing');
    expect(listed.code, listed.stderr).toBe(1);
    expect(listed.stdout).toContain('dead-letters 1 dead letters is above 0 dead letters');
    expect(posts('quiet')).toEqual([]);
    expect((await cli('silence', 'quiet', '--end')).code).toBe(0);
    await until(
      'the message',
      () => posts('quiet').length,
      (count) => count > 0,
    );
    expect(await happened('quiet')).toEqual(['fired', 'released', `delivered ${HOOK}`]);
    const history = await cli('history', 'quiet', '--json');
    expect(JSON.parse(history.stdout)).toMatchObject([
      { kind: 'delivered' },
      { kind: 'released' },
      { kind: 'fired' },
    ]);
  });

  it('leaves everything that happened in the store, and no message twice', async () => {
    const ids = mail.mails.map(({ raw }) => headerOf(raw, 'message-id'));
    expect(new Set(ids).size).toBe(ids.length);
    const keys = chat.posts.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(keys.length);
    await until(
      'rows of the alerts',
      () => countRows(platform.endpoints, `alerts where rule = 'down' and kind = 'delivered'`),
      (rows) => rows === 4,
    );
  });
});
