import { TickwellError } from '@tickwell/domain';

/**
 * What a code of IB means for what was asked. `pacing`: again later; `no-data`: an empty answer; `wait`: again once something else
 * is over; `refused`: never, as it was asked; `ignored`: nothing that concerns anybody.
 */
export type IbVerdict = 'pacing' | 'no-data' | 'wait' | 'refused' | 'notice' | 'ignored';

interface Known {
  readonly verdict: IbVerdict;
  readonly remedy: string;
}

/** Codes as "TWS message codes" of IB's documentation lists them; 2100 and above are notices unless listed. */
const CODES: ReadonlyMap<number, Known> = new Map<number, Known>([
  [
    100,
    {
      verdict: 'notice',
      remedy: 'fewer messages a second: lower messagesPerSecond of the job, or end other API programs',
    },
  ],
  [
    101,
    {
      verdict: 'refused',
      remedy: 'ask for fewer instruments, or buy market data lines and raise maxLines (--max-lines)',
    },
  ],
  [102, { verdict: 'wait', remedy: 'the request is repeated under another number' }],
  [103, { verdict: 'wait', remedy: 'the request is repeated under another number' }],
  [165, { verdict: 'wait', remedy: 'the historical data service is away; the request is repeated' }],
  [200, { verdict: 'refused', remedy: 'check symbol, secType, exchange and currency, or give the conId' }],
  [
    203,
    { verdict: 'refused', remedy: 'the account may not trade this instrument; ask IB for the permission' },
  ],
  [300, { verdict: 'ignored', remedy: '' }],
  [320, { verdict: 'refused', remedy: 'the Gateway could not read the request; update it' }],
  [321, { verdict: 'refused', remedy: 'the Gateway refuses the request as it is; check what is asked for' }],
  [322, { verdict: 'wait', remedy: 'the request is repeated under another number' }],
  [
    326,
    {
      verdict: 'refused',
      remedy: 'choose another clientId (--client-id), or leave it out: several are tried',
    },
  ],
  [
    354,
    {
      verdict: 'refused',
      remedy:
        'subscribe to its market data at IB, or ask for delayed data (marketDataType, --market-data-type)',
    },
  ],
  [366, { verdict: 'ignored', remedy: '' }],
  [420, { verdict: 'refused', remedy: 'subscribe to its market data at IB' }],
  [
    430,
    {
      verdict: 'refused',
      remedy: 'IB has no fundamentals of it, or offers them no longer; take them from elsewhere',
    },
  ],
  [502, { verdict: 'wait', remedy: 'start TWS or the Gateway, enable its API and check host and port' }],
  [503, { verdict: 'refused', remedy: 'update TWS or the Gateway' }],
  [504, { verdict: 'wait', remedy: 'not connected; it is tried again' }],
  [505, { verdict: 'ignored', remedy: '' }],
  [506, { verdict: 'refused', remedy: 'update TWS or the Gateway' }],
  [
    10089,
    {
      verdict: 'refused',
      remedy:
        'subscribe to its market data for API at IB, or ask for delayed data (marketDataType, --market-data-type)',
    },
  ],
  [10090, { verdict: 'notice', remedy: 'part of the market data is not subscribed' }],
  [10091, { verdict: 'notice', remedy: 'part of the market data is not subscribed for API' }],
  [10167, { verdict: 'notice', remedy: 'delayed market data is shown' }],
  [
    10168,
    {
      verdict: 'refused',
      remedy:
        'subscribe to its market data at IB, or ask for delayed data (marketDataType, --market-data-type)',
    },
  ],
  [
    10186,
    {
      verdict: 'refused',
      remedy:
        'subscribe to its market data at IB, or ask for delayed data (marketDataType, --market-data-type)',
    },
  ],
  [10187, { verdict: 'refused', remedy: 'subscribe to its market data at IB: ticks need it' }],
  [10189, { verdict: 'refused', remedy: 'subscribe to its market data at IB: ticks need it' }],
  [10190, { verdict: 'refused', remedy: 'ask for ticks of fewer instruments, or buy market data lines' }],
  [10197, { verdict: 'wait', remedy: 'another session of this user takes the live data; log out there' }],
]);

const HISTORY_ERROR: Known = {
  verdict: 'refused',
  remedy: 'check permissions and what is asked for; IB serves no more',
};

function knownOf(code: number, text: string): Known {
  // "Pacing" has several codes: 162 for history, 420 for real-time bars, 10189 for ticks, 322 for too many at once.
  if (/pacing|within 15 seconds|simultaneous/i.test(text) && code !== 100)
    return { verdict: 'pacing', remedy: 'it is asked again later' };
  if (code === 162) {
    if (/no data/i.test(text)) return { verdict: 'no-data', remedy: '' };
    if (/cancel/i.test(text)) return { verdict: 'ignored', remedy: '' };
    if (/connect|farm|HMDS server/i.test(text))
      return { verdict: 'wait', remedy: 'the historical data service is away; the request is repeated' };
    return HISTORY_ERROR;
  }
  const known = CODES.get(code);
  if (known !== undefined) return known;
  if (code >= 1100 && code < 10_000) return { verdict: 'notice', remedy: '' };
  return { verdict: 'refused', remedy: "see this code in IB's list of message codes" };
}

/** What to do about an error that came in answer to a request. */
export function judgeIbError(code: number, text: string): IbVerdict {
  return knownOf(code, text).verdict;
}

/** One line that names instrument, code and remedy; `subject` is the instrument or whatever was asked for. */
export function ibError(subject: string, code: number, text: string): TickwellError {
  const { verdict, remedy } = knownOf(code, text);
  const said = text.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '').slice(0, 300);
  const message = `IB ${subject}: error ${code}: ${said}${remedy === '' ? '' : `; ${remedy}`}`;
  const paced = verdict === 'pacing';
  return new TickwellError(`ib-${code}`, message, { retryable: verdict === 'wait' || paced, paced });
}
