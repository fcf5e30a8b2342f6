import { err, type Result } from '@tickwell/domain';
import { BUILT_IN_CHANNEL, parseChannel, type AlertChannel } from './channel.ts';
import { parseRule, type AlertRule } from './rule.ts';
import { parseSilence, type Silence } from './silence.ts';

/** A document of kind `alert`, read. */
export type AlertDocument =
  | { readonly type: 'rule'; readonly rule: AlertRule }
  | { readonly type: 'channel'; readonly channel: AlertChannel }
  | { readonly type: 'silence'; readonly silence: Silence };

const TYPES = ['rule', 'log', 'webhook', 'email', 'silence'];

/** The document by its `type` (a rule where it names none), or everything that is wrong with it, the field named. */
export function parseAlertDocument(id: string, document: unknown): Result<AlertDocument, readonly string[]> {
  const isObject = typeof document === 'object' && document !== null;
  const type = isObject && 'type' in document ? document.type : 'rule';
  switch (type) {
    case 'rule': {
      const read = parseRule(id, document);
      return read.ok ? { ok: true, value: { type, rule: read.value } } : read;
    }
    case 'log':
    case 'webhook':
    case 'email': {
      if (id === BUILT_IN_CHANNEL.id)
        return err([`id ${id} is that of the channel that is always there: choose another`]);
      const read = parseChannel(id, document);
      return read.ok ? { ok: true, value: { type: 'channel', channel: read.value } } : read;
    }
    case 'silence': {
      const read = parseSilence(id, document);
      return read.ok ? { ok: true, value: { type, silence: read.value } } : read;
    }
    default:
      return err([`type must be one of ${TYPES.join(', ')}`]);
  }
}

export interface VersionedRule extends AlertRule {
  readonly version: bigint;
}

/** The rules, channels and silences there are. */
export class AlertBook {
  readonly #rules = new Map<string, VersionedRule>();
  readonly #channels = new Map<string, AlertChannel>([[BUILT_IN_CHANNEL.id, BUILT_IN_CHANNEL]]);
  readonly #silences = new Map<string, Silence>();

  /** Takes a document, or (undefined) its deletion. One that does not pass counts as none; what is wrong with it is the answer. */
  set(id: string, version: bigint, document: unknown): readonly string[] {
    this.#rules.delete(id);
    this.#silences.delete(id);
    if (id !== BUILT_IN_CHANNEL.id) this.#channels.delete(id);
    if (document === undefined) return [];
    const read = parseAlertDocument(id, document);
    if (!read.ok) return read.error;
    const { value } = read;
    if (value.type === 'rule') this.#rules.set(id, { ...value.rule, version });
    else if (value.type === 'channel') this.#channels.set(id, value.channel);
    else this.#silences.set(id, value.silence);
    return [];
  }

  /** Why a document must not be written as it is (`undefined`: must not be deleted), given all the others. */
  conflicts(id: string, document: unknown): readonly string[] {
    const read = document === undefined ? undefined : parseAlertDocument(id, document);
    const value = read?.ok === true ? read.value : undefined;
    return [...this.#unknownNames(value), ...this.#missed(id, value)];
  }

  get rules(): Iterable<VersionedRule> {
    return this.#rules.values();
  }

  rule(id: string): VersionedRule | undefined {
    return this.#rules.get(id);
  }

  channel(id: string): AlertChannel | undefined {
    return this.#channels.get(id);
  }

  get channels(): Iterable<AlertChannel> {
    return this.#channels.values();
  }

  get silences(): Iterable<Silence> {
    return this.#silences.values();
  }

  #unknownNames(value: AlertDocument | undefined): readonly string[] {
    if (value?.type === 'rule')
      return value.rule.channels
        .filter((channel) => !this.#channels.has(channel))
        .map((channel) => `rule.channels names ${channel}, which there is not: put that channel first`);
    if (value?.type === 'silence' && !this.#rules.has(value.silence.rule))
      return [`silence.rule names ${value.silence.rule}, which there is not`];
    return [];
  }

  /** Rules that would name a channel that is gone. */
  #missed(id: string, value: AlertDocument | undefined): readonly string[] {
    if (!this.#channels.has(id) || id === BUILT_IN_CHANNEL.id || value?.type === 'channel') return [];
    const users = [...this.#rules.values()].filter(({ channels }) => channels.includes(id));
    return users.map((rule) => `rule ${rule.id} sends to it: change that rule first`);
  }
}
