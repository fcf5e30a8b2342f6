import { calendar, type Calendar } from '@tickwell/calendar';
import type { TickwellClient } from '@tickwell/client';
import { TickwellError, type Result } from '@tickwell/domain';
import { InstrumentMap } from '@tickwell/instruments';
import type { Span } from './missing-days.ts';

const DAY_NS = 86_400_000_000_000n;
/** What trades outside regular hours does so within half a day of them. */
const ALL_HOURS_NS = DAY_NS / 2n;

/**
 * The calendar named, else that of the instrument's document. Undefined: nothing names one, and every day may have data.
 *
 * @throws `invalid-argument` for a name that no calendar has
 */
export async function calendarFor(
  client: { readonly config: Pick<TickwellClient['config'], 'get'> },
  symbol: string,
  named: string | undefined,
): Promise<Calendar | undefined> {
  if (named !== undefined) return known(calendar(named), '--calendar');
  const document = await client.config.get({ kind: 'instrument', id: symbol }).catch((error: unknown) => {
    if (error instanceof TickwellError && error.code === 'not-found') return undefined;
    throw error;
  });
  if (document === undefined) return undefined;
  const map = new InstrumentMap();
  map.apply(document);
  const name = map.get(symbol)?.calendar ?? '';
  return name === '' ? undefined : known(calendar(name), `instrument ${symbol}`);
}

function known(found: Result<Calendar, string>, where: string): Calendar {
  if (found.ok) return found.value;
  throw new TickwellError('invalid-argument', `${where}: ${found.error}`);
}

/** Midnights (ns) of the UTC days of a span that no session touches. Days that the calendar does not know are none of them. */
export function* closedDays(of: Calendar, { fromNs, toNs }: Span, allHours: boolean): Generator<bigint> {
  const aroundNs = allHours ? ALL_HOURS_NS : 0n;
  for (let day = (fromNs / DAY_NS) * DAY_NS; day < toNs; day += DAY_NS) {
    const open = of.openNsBetween(day - aroundNs, day + DAY_NS + aroundNs);
    if (open.ok && open.value === 0n) yield day;
  }
}
