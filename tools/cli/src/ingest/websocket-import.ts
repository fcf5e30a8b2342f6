import { resolve } from 'node:path';
import { TickwellError } from '@tickwell/domain';
import { isReadyDefinition, loadWebsocketDefinition } from '@tickwell/feed-websocket';
import { providerInstrument, type ProviderFlags } from './provider-flags.ts';
import type { Import } from './import.ts';

type Flags = Pick<ProviderFlags, 'kind' | 'interval' | 'from' | 'to' | 'live' | 'for'>;

/** @throws TickwellError `invalid-definition` with every mistake of the definition, `invalid-argument` unless live is asked for. */
export function websocketImport(definition: string, symbols: readonly string[], flags: Flags): Import {
  const name = isReadyDefinition(definition) ? definition : resolve(definition);
  const loaded = loadWebsocketDefinition(name);
  if (!loaded.ok) throw new TickwellError('invalid-definition', loaded.error.join('; '));
  const { kind, interval, from, to, live, for: seconds } = flags;
  if (live !== true || from !== undefined || to !== undefined)
    throw new TickwellError(
      'invalid-argument',
      `${loaded.value.name} is a feed over WebSocket, which has no history: ask for it with --live, without --from and --to`,
    );
  const job = {
    type: 'websocket',
    definition: name,
    symbols: symbols.map(providerInstrument),
    ...(kind === undefined ? {} : { kinds: kind }),
    ...(interval === undefined ? {} : { interval }),
  };
  return {
    jobs: [job],
    sources: [loaded.value.name],
    ...(seconds === undefined ? {} : { untilMs: seconds * 1000 }),
  };
}
