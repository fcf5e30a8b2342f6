import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseChannel, type AlertChannel, type AlertMessage } from '@tickwell/alerts';
import { SILENT, type Logger } from '@tickwell/ports';
import { notifierContract, type ReceivedMessage } from '@tickwell/ports/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpReceiver } from './fixtures/http-receiver.ts';
import { headerOf, SmtpReceiver, textOf } from './fixtures/smtp-receiver.ts';
import { createNotifier } from './index.ts';

const TIMEOUT_MS = 3_000;
const never = new AbortController().signal;

const MESSAGE: AlertMessage = {
  ...{
    id: 'r|g|1|0|fired',
    about: 'firing',
    severity: 'warning',
    rule: 'r',
    group: 'g',
    timeNs: 5n,
    sinceNs: 1n,
  },
  title: '[warning] r (g): <late> & stale',
  lines: ['since then'],
};

function channel(document: object): AlertChannel {
  const read = parseChannel('ops', document);
  if (!read.ok) throw new Error(read.error.join('; '));
  return read.value;
}

const mail = (port: number, more: object = {}): AlertChannel =>
  channel({
    ...{ type: 'email', host: '127.0.0.1', port, tls: 'none' },
    ...{ from: 'Tickwell <tickwell@example.com>', to: ['ops@example.com', 'desk@example.com'] },
    ...more,
  });

notifierContract('e-mail', async () => {
  const receiver = new SmtpReceiver();
  await receiver.start();
  return {
    notifier: createNotifier(mail(receiver.port), { env: {}, logger: SILENT, timeoutMs: TIMEOUT_MS }),
    received: (): ReceivedMessage[] =>
      receiver.mails.map(({ raw }) => ({ id: headerOf(raw, 'message-id'), text: textOf(raw) })),
    faults: {
      answer: (how) => {
        receiver.answer(how);
      },
      hang: () => receiver.hang(),
      stop: () => receiver.stop(),
    },
    close: () => receiver.stop(),
  };
});

for (const format of ['slack', 'json'] as const) {
  notifierContract(`webhook, ${format}`, async () => {
    const receiver = new HttpReceiver();
    await receiver.start();
    const to = channel({ type: 'webhook', url: receiver.url, format });
    return {
      notifier: createNotifier(to, { env: {}, logger: SILENT, timeoutMs: TIMEOUT_MS }),
      received: (): ReceivedMessage[] =>
        receiver.posts.map(({ headers, body }) => ({
          id: String(headers['idempotency-key']),
          text: read(body),
        })),
      faults: {
        answer: (how) => {
          receiver.answer(how);
        },
        hang: () => {
          receiver.answer('never');
          return Promise.resolve();
        },
        stop: () => receiver.stop(),
      },
      close: () => receiver.stop(),
    };
  });
}

notifierContract('log', () => {
  const lines: ReceivedMessage[] = [];
  const take = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    const more = Array.isArray(fields['lines']) ? fields['lines'].join('\n') : '';
    lines.push({ id: String(fields['id']), text: `${message}\n${more}` });
  };
  const logger: Logger = { debug: take, info: take, warn: take, error: take };
  return Promise.resolve({
    notifier: createNotifier(channel({ type: 'log' }), { env: {}, logger }),
    received: () => lines,
    close: () => Promise.resolve(),
  });
});

/** All texts of a JSON body, a line each, as a person would see them. */
function read(body: string): string {
  const texts: string[] = [];
  JSON.parse(body, (_, value: unknown) => {
    if (typeof value === 'string') texts.push(value);
    return value;
  });
  return texts.join('\n').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

describe('e-mail', () => {
  const receivers: SmtpReceiver[] = [];
  afterEach(async () => {
    await Promise.all(receivers.splice(0).map((receiver) => receiver.stop()));
  });

  async function receive(options: ConstructorParameters<typeof SmtpReceiver>[0] = {}): Promise<SmtpReceiver> {
    const receiver = new SmtpReceiver(options);
    receivers.push(receiver);
    await receiver.start();
    return receiver;
  }

  it('that the server takes for some recipients only is no success: who was refused is named, for now or for good', async () => {
    const refusing = async (responseCode: number): Promise<unknown> => {
      const { port } = await receive({
        onRcptTo: ({ address }, _session, done) => {
          if (address === 'desk@example.com')
            done(Object.assign(new Error('who is desk?'), { responseCode }));
          else done();
        },
      });
      const sent = createNotifier(mail(port), { env: {}, logger: SILENT }).send(MESSAGE, never);
      return sent.then(
        () => 'sent',
        (error: unknown) => error,
      );
    };
    expect(await refusing(450)).toMatchObject({
      code: 'notify-failed',
      retryable: true,
      message: expect.stringMatching(/1 recipient refused, others were told: .*desk/) as string,
    });
    expect(await refusing(550)).toMatchObject({ code: 'notify-failed', retryable: false });
  });

  it('goes to everybody, with a subject, from the address of the channel, and says that a machine wrote it', async () => {
    const receiver = await receive();
    const { port } = receiver;
    await createNotifier(mail(port), { env: {}, logger: SILENT }).send(MESSAGE, never);
    const [{ raw, to } = { raw: '', to: [] }] = receiver.mails;
    expect(to).toEqual(['ops@example.com', 'desk@example.com']);
    expect(headerOf(raw, 'subject')).toBe(MESSAGE.title);
    expect(headerOf(raw, 'from')).toBe('Tickwell <tickwell@example.com>');
    expect(headerOf(raw, 'auto-submitted')).toBe('auto-generated');
    expect(headerOf(raw, 'message-id')).toMatch(/^<[0-9a-f]{40}@tickwell>$/);
  });

  it('logs in with the secret that the channel refers to; a wrong one may be mended and is never told', async () => {
    const receiver = await receive({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) => {
        if (username === 'tickwell' && password === 'right') done(null, { user: username });
        else done(Object.assign(new Error('no'), { responseCode: 535 }));
      },
    });
    const to = mail(receiver.port, { user: 'tickwell', password: 'env:SMTP_PASSWORD' });
    const send = (env: Record<string, string>): Promise<void> =>
      createNotifier(to, { env, logger: SILENT }).send(MESSAGE, never);
    await expect(send({})).rejects.toMatchObject({ code: 'config-invalid', retryable: true });
    const wrong = await send({ SMTP_PASSWORD: 'wrong-secret' }).catch((error: unknown) => error);
    expect(wrong).toMatchObject({ code: 'notify-failed', retryable: true });
    expect(String(wrong)).not.toContain('wrong-secret');
    await send({ SMTP_PASSWORD: 'right' });
    expect(receiver.mails).toHaveLength(1);
  });

  it('is not sent in plain text where TLS is wanted and the server has none', async () => {
    const receiver = await receive();
    const to = mail(receiver.port, { tls: 'starttls' });
    const sending = createNotifier(to, { env: {}, logger: SILENT }).send(MESSAGE, never);
    await expect(sending).rejects.toMatchObject({ code: 'notify-failed' });
    expect(receiver.mails).toEqual([]);
  });
});

describe('a webhook', () => {
  it('takes its address and headers by reference, follows no redirect and tells no secret', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tickwell-notify-'));
    const receiver = new HttpReceiver();
    await receiver.start();
    try {
      const file = join(folder, 'url');
      const headers = { authorization: 'env:TOKEN', 'x-team': 'desk' };
      const to = channel({ type: 'webhook', url: `file:${file}`, headers });
      const env: Record<string, string> = { TOKEN: 'Bearer hidden' };
      const notifier = createNotifier(to, { env, logger: SILENT });
      await expect(notifier.send(MESSAGE, never)).rejects.toMatchObject({ code: 'config-invalid' });
      writeFileSync(file, `${receiver.url}\n`);
      await notifier.send(MESSAGE, never);
      expect(receiver.posts[0]?.headers).toMatchObject({ authorization: 'Bearer hidden', 'x-team': 'desk' });
      expect(JSON.parse(receiver.posts[0]?.body ?? '')).toMatchObject({
        text: '[warning] r (g): &lt;late&gt; &amp; stale',
        attachments: [{ color: '#e8a33d' }],
      });
      receiver.answer('refuse');
      const refused = await notifier.send(MESSAGE, never).catch((error: unknown) => String(error));
      expect(refused).toContain('answered 400: no really');
      await receiver.stop();
      const failed = await notifier.send(MESSAGE, never).catch((error: unknown) => String(error));
      for (const said of [refused, failed]) expect(said).not.toMatch(/secret|hidden/);
    } finally {
      await receiver.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
