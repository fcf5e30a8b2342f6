import { err, errorMessage, ok, TickwellError, type Result } from '@tickwell/domain';
import { isObject, part, textOf } from './json.ts';

/** What came back of one request for data. */
export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * The JSON of an answer, or what Yahoo says instead, also where it says so with status 200. Errors name `what`: `yahoo-no-data` (no such
 * ticker, or nothing in the span), `yahoo-range` (further back than Yahoo keeps), `yahoo-unauthorized`, `yahoo-answer`.
 */
export function judge({ status, body }: RawAnswer, what: string): Result<unknown, TickwellError> {
  const value = parse(body);
  const said = errorIn(value);
  if (said === undefined && status < 400 && value !== undefined) return ok(value);
  return err(explain(what, status, said ?? shortened(body)));
}

/** Of a failure before there was an answer: cookies, crumb, or an attempt that was given up. */
export function explainThrown(cause: unknown, what: string): TickwellError {
  if (cause instanceof TickwellError)
    return new TickwellError(cause.code, `${what}: ${cause.message}`, { cause, retryable: cause.retryable });
  return explain(what, 0, errorMessage(cause), cause);
}

function explain(what: string, status: number, said: string, cause?: unknown): TickwellError {
  const known = EXPLANATIONS.find(({ statuses, words }) => statuses.includes(status) || words.test(said));
  const text = said === '' ? `status ${status}` : said;
  const options = cause === undefined ? {} : { cause };
  if (known === undefined)
    return new TickwellError(
      'yahoo-answer',
      `${what}: the answer cannot be read (${text}); yahoo-finance2 may need an update`,
      options,
    );
  return new TickwellError(known.code, `${what}: ${known.text(text)}`, options);
}

/** In the order in which they are asked. */
const EXPLANATIONS: readonly {
  readonly code: string;
  readonly statuses: readonly number[];
  readonly words: RegExp;
  readonly text: (said: string) => string;
}[] = [
  {
    code: 'yahoo-range',
    statuses: [],
    words: /data not available for startTime|must be within the last|granularity data are allowed/i,
    text: (said) => `Yahoo no longer has it (${said}); ask for a later start or a longer interval`,
  },
  {
    code: 'yahoo-unauthorized',
    statuses: [401, 403],
    words: /unauthorized|(?:get|find|invalid) (?:crumb|cookie)|no set-cookie/i,
    text: (said) => `Yahoo refuses the session (${said}); try again later`,
  },
  {
    code: 'yahoo-no-data',
    statuses: [404],
    words: /no data found|not found|data doesn't exist|no fundamentals data/i,
    text: (said) => `${said}; check the ticker as Yahoo writes it, and the span`,
  },
];

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Answers have one property ("chart", "quoteResponse", "finance", ...) with `result` and `error`. */
function errorIn(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  for (const inner of Object.values(value)) {
    const error = part(inner, 'error');
    if (error === undefined || error === null) continue;
    if (typeof error === 'string') return shortened(error);
    const code = textOf(part(error, 'code'));
    const description = textOf(part(error, 'description'));
    return shortened(description ?? code ?? JSON.stringify(error));
  }
  return undefined;
}

function shortened(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ').slice(0, 300);
}
