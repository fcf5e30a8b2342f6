import { createHash } from 'node:crypto';
import type { AlertMessage, EmailSettings } from '@tickwell/alerts';
import { NS_PER_MS, TickwellError, errorMessage } from '@tickwell/domain';
import type { Notifier } from '@tickwell/ports';
import { createTransport } from 'nodemailer';
import { oneLine } from './one-line.ts';
import { TIMEOUT_MS, type NotifyOptions } from './options.ts';
import { resolveReference } from './reference.ts';

/**
 * E-mail over SMTP, one connection a message: alerts are few, and a connection that was kept may be dead when it is needed. A message keeps its
 * `Message-ID` and `Date`, so that one that was sent again looks the same.
 */
export class EmailNotifier implements Notifier {
  readonly #name: string;
  readonly #settings: EmailSettings;
  readonly #options: NotifyOptions;

  constructor(name: string, settings: EmailSettings, options: NotifyOptions) {
    this.#name = name;
    this.#settings = settings;
    this.#options = options;
  }

  async send(message: AlertMessage, signal: AbortSignal): Promise<void> {
    const { from, to, host, port } = this.#settings;
    const timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS;
    // nodemailer's own timeouts count from the last byte; this one is of the whole attempt.
    const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const transport = this.#transport(timeoutMs);
    try {
      const info: unknown = await transport.sendMail({
        from,
        to: [...to],
        subject: oneLine(message.title),
        text: [oneLine(message.title), '', ...message.lines].join('\n'),
        messageId: `<${createHash('sha256').update(`${message.id}\n${this.#name}`).digest('hex').slice(0, 40)}@tickwell>`,
        date: new Date(Number(message.timeNs / NS_PER_MS)),
        headers: { 'auto-submitted': 'auto-generated', 'x-tickwell-rule': oneLine(message.rule) },
        signal: within,
      });
      refuseUntold(info);
    } catch (cause) {
      const isLate = within.aborted && !signal.aborted;
      const why = isLate ? `no answer within ${timeoutMs} ms` : oneLine(errorMessage(cause)).slice(0, 300);
      throw new TickwellError('notify-failed', `${this.#name}: ${host}:${port}: ${why}`, {
        cause,
        retryable: isLate || !isRefusedForGood(cause),
      });
    } finally {
      transport.close();
    }
  }

  #transport(timeoutMs: number): ReturnType<typeof createTransport> {
    const { host, port, tls, user, password } = this.#settings;
    const auth =
      user === undefined || password === undefined
        ? {}
        : {
            auth: {
              user,
              pass: resolveReference(password, this.#options.env, `${this.#name}.password`),
            },
          };
    return createTransport({
      host,
      port,
      secure: tls === 'tls',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      dnsTimeout: timeoutMs,
      // A message is text: nothing of it is a file or an address to read from.
      disableFileAccess: true,
      disableUrlAccess: true,
      ...auth,
    });
  }
}

/** nodemailer is content with one recipient: whom the server refused must not go untold in silence. */
function refuseUntold(info: unknown): void {
  const errors = rejectedErrors(info);
  const [first] = errors;
  if (first === undefined) return;
  const codes = errors.map(responseCodeOf);
  // One refusal that is for now makes it one: the message is sent again, to all, with the same Message-ID.
  const responseCode = codes.find((code) => code < 500) ?? responseCodeOf(first);
  const count = `${errors.length} recipient${errors.length === 1 ? '' : 's'} refused, others were told`;
  throw Object.assign(new Error(`${count}: ${errorMessage(first)}`), { responseCode });
}

/** One error for each recipient that the server refused while it took the message for others. */
function rejectedErrors(info: unknown): readonly unknown[] {
  if (typeof info !== 'object' || info === null || !('rejectedErrors' in info)) return [];
  return Array.isArray(info.rejectedErrors) ? info.rejectedErrors : [];
}

function responseCodeOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('responseCode' in error)) return 0;
  return typeof error.responseCode === 'number' ? error.responseCode : 0;
}

/** Answers of 5xx to what the message is or who it is for; what is wrong with a login may be mended on either side. */
function isRefusedForGood(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('responseCode' in error)) return false;
  const { responseCode } = error;
  const isLogin = 'code' in error && error.code === 'EAUTH';
  return typeof responseCode === 'number' && responseCode >= 500 && !isLogin;
}
