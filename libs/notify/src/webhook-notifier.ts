import { createHash } from 'node:crypto';
import type { AlertMessage, WebhookSettings } from '@tickwell/alerts';
import { formatNs, TickwellError } from '@tickwell/domain';
import type { Notifier } from '@tickwell/ports';
import { oneLine } from './one-line.ts';
import { TIMEOUT_MS, type NotifyOptions } from './options.ts';
import { resolveReference } from './reference.ts';

const COLORS: Readonly<Record<string, string>> = { critical: '#cc0000', warning: '#e8a33d', info: '#3d7de8' };
const RECOVERED = '#2e9e4f';
/** What comes back is only read as far as it may explain a refusal. */
const MAX_ANSWER_CHARS = 200;
/** Answers after which the same request may be taken later; the others of 4xx never will. */
const RETRYABLE = new Set([401, 403, 404, 408, 409, 423, 425, 429]);

/**
 * A POST of JSON. `slack`: the attachments that Slack, Mattermost, Rocket.Chat and Discord (at `…/slack`) take. Redirects are not
 * followed: a token in the URL or a header belongs to the host it was given for.
 */
export class WebhookNotifier implements Notifier {
  readonly #name: string;
  readonly #settings: WebhookSettings;
  readonly #options: NotifyOptions;

  constructor(name: string, settings: WebhookSettings, options: NotifyOptions) {
    this.#name = name;
    this.#settings = settings;
    this.#options = options;
  }

  async send(message: AlertMessage, signal: AbortSignal): Promise<void> {
    const { format } = this.#settings;
    const url = this.#url();
    const headers = this.#headers(message);
    const body = JSON.stringify(format === 'slack' ? slackBody(message) : jsonBody(message));
    const timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS;
    const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    let response: Response;
    let answer: string;
    try {
      response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: within });
      answer = await firstChars(response);
    } catch (cause) {
      const why = within.aborted && !signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(cause);
      // Without the cause: what fetch throws may hold the URL, and with it a token.
      throw new TickwellError('notify-failed', `${this.#name}: ${url.host}: ${why}`, { retryable: true });
    }
    if (response.ok) return;
    const { status } = response;
    const isRetryable = status >= 500 || RETRYABLE.has(status);
    throw new TickwellError(
      'notify-failed',
      `${this.#name}: ${url.host} answered ${status}${answer === '' ? '' : `: ${oneLine(answer)}`}`,
      { retryable: isRetryable },
    );
  }

  #url(): URL {
    const text = resolveReference(this.#settings.url, this.#options.env, `${this.#name}.url`);
    if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text);
    throw new TickwellError(
      'config-invalid',
      `${this.#name}.url: ${this.#settings.url} does not hold an http or https URL`,
      { retryable: true },
    );
  }

  #headers({ id }: AlertMessage): Record<string, string> {
    const { env } = this.#options;
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'idempotency-key': createHash('sha256').update(id).digest('hex'),
    };
    for (const [name, text] of Object.entries(this.#settings.headers)) {
      const value = resolveReference(text, env, `${this.#name}.headers.${name}`);
      // fetch would repeat the value, a secret, in its error.
      if (!/^[\t\x20-\x7e]*$/.test(value))
        throw new TickwellError(
          'config-invalid',
          `${this.#name}.headers.${name}: what the reference names holds characters that a header cannot: one line of ASCII`,
          { retryable: true },
        );
      headers[name] = value;
    }
    return headers;
  }
}

function slackBody({ title, lines, severity, about, timeNs }: AlertMessage): object {
  const text = oneLine(title);
  const color = about === 'recovered' ? RECOVERED : COLORS[severity];
  return {
    text: escape(text),
    attachments: [
      { fallback: escape(text), color, text: escape(lines.join('\n')), ts: Number(timeNs / 1_000_000_000n) },
    ],
  };
}

/** The three characters that Slack gives a meaning: https://docs.slack.dev/messaging/formatting-message-text */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function jsonBody({ timeNs, sinceNs, title, ...fields }: AlertMessage): object {
  return { ...fields, title: oneLine(title), time: formatNs(timeNs), since: formatNs(sinceNs) };
}

async function firstChars(response: Response): Promise<string> {
  if (response.ok) {
    await response.body?.cancel();
    return '';
  }
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(first?.value).slice(0, MAX_ANSWER_CHARS);
}

/** fetch says "fetch failed", and why in the cause of it. */
function reasonOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  return code === '' ? 'the request failed' : code;
}
