import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { err, ok, type Result } from '@tickwell/domain';
import type { HoleFilter, HoleReader, StoredHoleState } from '@tickwell/ports';
import {
  intervalArgument,
  limitArgument,
  orRefuse,
  rangeArgument,
  symbolsArgument,
  textArgument,
} from '../arguments.ts';
import { holeMessage, holeState } from './hole-message.ts';

const MAX_SYMBOLS = 1_000;
const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 10_000;
const KINDS: readonly string[] = ['', 'trades', 'quotes', 'bars'];

/** QualityService.ListHoles: the ledger as it is stored. */
export async function listHoles(
  ledger: HoleReader,
  request: queryV1.ListHolesRequest,
): Promise<queryV1.ListHolesResponse> {
  const filter = orRefuse(filterOf(request));
  const limit = orRefuse(limitArgument(request.limit, { fallback: DEFAULT_LIMIT, max: MAX_LIMIT }));
  // One more than asked for tells whether there are more.
  const found = await ledger.holes(filter, limit + 1);
  return create(queryV1.ListHolesResponseSchema, {
    holes: found.slice(0, limit).map(holeMessage),
    truncated: found.length > limit,
  });
}

function filterOf(request: queryV1.ListHolesRequest): Result<HoleFilter, string> {
  const { source, kind, interval } = request;
  const symbols = symbolsArgument(request.symbols);
  if (!symbols.ok) return symbols;
  if (symbols.value.length > MAX_SYMBOLS)
    return err(
      `symbols has ${symbols.value.length} entries, at most ${MAX_SYMBOLS} go into one call: use several`,
    );
  const named = textArgument('source', source);
  if (!named.ok) return named;
  if (!KINDS.includes(kind))
    return err(`kind ${JSON.stringify(kind.slice(0, 80))} is not one of trades, quotes, bars`);
  const known = interval === '' ? ok('') : intervalArgument(interval);
  if (!known.ok) return known;
  const range = rangeArgument(request.range);
  if (!range.ok) return range;
  const states = statesOf(request.states);
  if (!states.ok) return states;
  return ok({
    ...range.value,
    ...(symbols.value.length === 0 ? {} : { symbols: symbols.value }),
    ...(source === '' ? {} : { source }),
    ...(kind === '' ? {} : { kind }),
    ...(interval === '' ? {} : { interval }),
    ...(states.value.length === 0 ? {} : { states: states.value }),
  });
}

function statesOf(wanted: readonly queryV1.HoleState[]): Result<readonly StoredHoleState[], string> {
  const states: StoredHoleState[] = [];
  for (const one of wanted) {
    const state = holeState(one);
    if (state === undefined)
      return err(`states: ${one} is not one of HOLE_STATE_MISSING, _REPAIRED, _GIVEN_UP`);
    states.push(state);
  }
  return ok([...new Set(states)]);
}
