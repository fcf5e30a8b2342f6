import type { AlertChannel } from '@tickwell/alerts';
import type { Notifier } from '@tickwell/ports';
import { EmailNotifier } from './email-notifier.ts';
import { LogNotifier } from './log-notifier.ts';
import type { NotifyOptions } from './options.ts';
import { WebhookNotifier } from './webhook-notifier.ts';

export type { NotifyOptions } from './options.ts';

/** What sends to a channel. Its secrets are looked up with every message, so that a changed one counts at once. */
export function createNotifier({ id, settings }: AlertChannel, options: NotifyOptions): Notifier {
  switch (settings.type) {
    case 'log':
      return new LogNotifier(options.logger);
    case 'webhook':
      return new WebhookNotifier(id, settings, options);
    case 'email':
      return new EmailNotifier(id, settings, options);
  }
}
