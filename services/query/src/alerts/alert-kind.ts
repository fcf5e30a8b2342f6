import { AlertBook, parseAlertDocument } from '@tickwell/alerts';
import type { ConfigKind } from '@tickwell/config';

/** Documents of kind `alert`: rules, channels and silences, every field; what one names there is. */
export const ALERT_KIND: ConfigKind = {
  check: (id, document) => {
    const parsed = parseAlertDocument(id, document);
    return parsed.ok ? [] : parsed.error;
  },
  createIndex: () => {
    const book = new AlertBook();
    return {
      apply: ({ id, version, deleted, payloadJson }) => {
        book.set(id, version, deleted ? undefined : documentOf(payloadJson));
      },
      conflicts: (id, document) => book.conflicts(id, document),
    };
  },
};

/** undefined: no JSON, so not written through this service. */
function documentOf(payloadJson: string): unknown {
  try {
    return JSON.parse(payloadJson);
  } catch {
    return undefined;
  }
}
