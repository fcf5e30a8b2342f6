import { err, ok, type Result } from '@tickwell/domain';
import type { Clock } from '@tickwell/ports';
import type { WebsocketDefinition } from './definition.ts';
import { parsePath } from './path.ts';
import type { Request, Topic } from './requests.ts';
import type { Secrets } from './secrets.ts';
import { fill, fillText, type Placeholders } from './template.ts';

/** Fills the templates of a definition. Errors name the placeholder that has no value. */
export class Outgoing {
  readonly #definition: WebsocketDefinition;
  readonly #secrets: Secrets;
  readonly #clock: Clock;

  constructor(definition: WebsocketDefinition, secrets: Secrets, clock: Clock) {
    this.#definition = definition;
    this.#secrets = secrets;
    this.#clock = clock;
  }

  url(topics: readonly Topic[]): Result<string, string> {
    const { url, topicSeparator } = this.#definition;
    const missing: string[] = [];
    const values = this.#values({ topics: distinct(topics.map(({ text }) => text)) });
    const encode = (value: string): string =>
      encodeURIComponent(value).replaceAll('%40', '@').replaceAll('%3A', ':');
    const filled = fillText(url, values, { separator: topicSeparator, encode, missing });
    if (missing.length > 0) return err(`url: {${missing.join('}, {')}} has no value`);
    return URL.canParse(filled) ? ok(filled) : err(`url ${url} is no URL once it is filled in`);
  }

  headers(): Readonly<Record<string, string>> {
    const values = this.#values({});
    const entries = Object.entries(this.#definition.headers).map(([name, template]): [string, string] => [
      name,
      fillText(template, values, { separator: ',', encode: (value) => value, missing: [] }),
    ]);
    return Object.fromEntries(entries);
  }

  /** A message as it is sent: a text as it is, anything else as JSON. */
  message(
    template: unknown,
    of: { readonly id: number; readonly request?: Request; readonly answerTo?: unknown },
  ): string {
    const topics = of.request?.topics ?? [];
    const values = this.#values({
      id: of.id,
      ...(of.request === undefined
        ? {}
        : {
            topics: distinct(topics.map(({ text }) => text)),
            symbols: distinct(topics.map(({ ticker }) => ticker)),
            channel: topics[0]?.channel ?? '',
          }),
    });
    const filled = fill(template, (name) => partOf(of.answerTo, name) ?? values(name));
    const value = filled.ok ? filled.value : template;
    return typeof value === 'string' ? value : JSON.stringify(value);
  }

  #values(of: Readonly<Record<string, string | number | readonly string[]>>): Placeholders {
    return (name) => {
      const secret = /^secret:(.*)$/.exec(name)?.[1];
      if (secret !== undefined) return this.#secrets.get(secret);
      if (name === 'nowMs') return Number(this.#clock.nowNs() / 1_000_000n);
      if (name === 'nowSeconds') return Number(this.#clock.nowNs() / 1_000_000_000n);
      return of[name];
    };
  }
}

/** `{message:ping}` in a reply is that part of the message it answers. */
function partOf(message: unknown, name: string): string | number | undefined {
  const text = /^message:(.*)$/.exec(name)?.[1];
  const path = text === undefined ? undefined : parsePath(text);
  const value = path?.ok === true ? path.value.read(message, message) : undefined;
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

/** A channel of all instruments at once is one topic of many. */
function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

/** What a channel of an instrument is called. */
export function topicText(template: string, ticker: string, channel: string): string {
  const values: Placeholders = (name) => {
    switch (name) {
      case 'symbol:lower':
        return ticker.toLowerCase();
      case 'symbol:upper':
        return ticker.toUpperCase();
      case 'channel':
        return channel;
      default:
        return ticker;
    }
  };
  return fillText(template, values, { separator: ',', encode: (value) => value, missing: [] });
}
