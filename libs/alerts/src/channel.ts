import { err, JsonFields, NS_PER_SECOND, ok, type Result } from '@tickwell/domain';
import { readDuration } from './duration.ts';
import { LOG_CHANNEL, readTexts } from './rule.ts';

/** Where messages go; secrets are references (`env:NAME`, `file:PATH`), which the process that sends resolves. */
export type ChannelSettings = LogSettings | WebhookSettings | EmailSettings;

interface LogSettings {
  readonly type: 'log';
}

export interface WebhookSettings {
  readonly type: 'webhook';
  /** http or https, or a reference to it. */
  readonly url: string;
  /** `slack`: what Slack, Mattermost and their like take; `json`: every field. */
  readonly format: 'slack' | 'json';
  /** Values may be references. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface EmailSettings {
  readonly type: 'email';
  readonly host: string;
  readonly port: number;
  /** `tls` from the first byte, `starttls` required, `none` at all. */
  readonly tls: 'tls' | 'starttls' | 'none';
  readonly user: string | undefined;
  /** A reference. */
  readonly password: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
}

export interface AlertChannel {
  readonly id: string;
  readonly settings: ChannelSettings;
  /** A message that could not be delivered for so long is given up. */
  readonly giveUpAfterNs: bigint;
}

const REFERENCE = /^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/;
const HEADER_NAME = /^[A-Za-z0-9-]{1,64}$/;
/** One address, perhaps with a name; no line break, which would end the header. */
const ADDRESS = /^(?:[^<>\r\n]{0,100}<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/;
const MAX_RECIPIENTS = 50;
const MAX_HEADERS = 16;
const DEFAULT_GIVE_UP_NS = 86_400n * NS_PER_SECOND;
const WHERE = 'channel';

/** The channel that is there without a document. */
export const BUILT_IN_CHANNEL: AlertChannel = {
  id: LOG_CHANNEL,
  settings: { type: 'log' },
  giveUpAfterNs: DEFAULT_GIVE_UP_NS,
};

/** The channel, or everything that is wrong with it, the field named. A secret in it is refused and never repeated. */
export function parseChannel(id: string, document: unknown): Result<AlertChannel, readonly string[]> {
  const fields = new JsonFields(document, WHERE);
  const type = fields.choice('type', ['log', 'webhook', 'email']);
  const problems: string[] = [];
  const settings = readSettings(type ?? 'log', fields, problems);
  const giveUpAfterNs = readDuration(fields, 'giveUpAfter', NS_PER_SECOND) ?? DEFAULT_GIVE_UP_NS;
  fields.text('description');
  const read = fields.finish({ id, settings, giveUpAfterNs });
  const all = [...(read.ok ? [] : read.error), ...problems];
  return read.ok && all.length === 0 ? ok(read.value) : err(all);
}

function readSettings(
  type: ChannelSettings['type'],
  fields: JsonFields,
  problems: string[],
): ChannelSettings {
  if (type === 'webhook') {
    const url = fields.requiredText('url');
    if (url !== '' && !REFERENCE.test(url) && !isHttp(url))
      fields.problem('url', 'must be an http or https URL, or a reference to one: env:NAME or file:PATH');
    const format = fields.choice('format', ['slack', 'json']) ?? 'slack';
    return { type, url, format, headers: readHeaders(fields.take('headers'), problems) };
  }
  return type === 'email' ? readEmail(fields) : { type };
}

function isHttp(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return ['http:', 'https:'].includes(protocol) && username === '' && password === '';
}

function readHeaders(value: unknown, problems: string[]): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  const headers: Record<string, string> = {};
  const where = `${WHERE}.headers`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push(`${where} must be an object of texts`);
    return headers;
  }
  const entries: [string, unknown][] = Object.entries(value);
  if (entries.length > MAX_HEADERS) problems.push(`${where} must have at most ${MAX_HEADERS} entries`);
  for (const [name, text] of entries) {
    if (!HEADER_NAME.test(name) || typeof text !== 'string' || /[\r\n]/.test(text))
      problems.push(
        `${where}.${name.slice(0, 64)} is no header: a name of letters, digits and -, one line of text`,
      );
    else if (/auth|token|key|secret/i.test(name) && !REFERENCE.test(text))
      problems.push(`${where}.${name} looks like a secret: write where it is instead: env:NAME or file:PATH`);
    else headers[name] = text;
  }
  return headers;
}

function readEmail(fields: JsonFields): EmailSettings {
  const host = fields.requiredText('host');
  if (host !== '' && !/^[A-Za-z0-9._:-]+$/.test(host)) fields.problem('host', 'must be the name of a host');
  const tls = fields.choice('tls', ['tls', 'starttls', 'none']) ?? 'starttls';
  const port = fields.number('port') ?? (tls === 'tls' ? 465 : 587);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    fields.problem('port', 'must be a whole number from 1 to 65535');
  const user = fields.text('user');
  const password = fields.text('password');
  if ((user === undefined) !== (password === undefined))
    fields.problem('password', 'and user: give both or neither');
  if (password !== undefined && !REFERENCE.test(password))
    fields.problem('password', 'is a secret: write where it is instead: env:NAME or file:PATH');
  if (password !== undefined && tls === 'none' && !['127.0.0.1', 'localhost', '::1'].includes(host))
    fields.problem('tls', 'must not be none with a password: it would travel in plain text');
  const from = fields.requiredText('from');
  if (from !== '' && !ADDRESS.test(from))
    fields.problem('from', 'must be one address: a@b.example or Name <a@b.example>');
  const to = readTexts(fields.list('to') ?? []);
  if (
    to === undefined ||
    to.length === 0 ||
    to.length > MAX_RECIPIENTS ||
    !to.every((one) => ADDRESS.test(one))
  )
    fields.problem('to', `must be a list of 1 to ${MAX_RECIPIENTS} addresses`);
  return { type: 'email', host, port, tls, user, password, from, to: to ?? [] };
}
