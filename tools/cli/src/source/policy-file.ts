import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { TickwellError } from '@tickwell/domain';
import { isPolicy, parsePolicy, ruleText, type SourcePolicy } from '@tickwell/source-policy';
import type { Terminal } from '../terminal.ts';

/**
 * Whether a file holds a source policy; it is then checked as it is before it becomes a document.
 * @throws TickwellError `invalid-argument` with everything that is wrong with it.
 */
export function checkPolicyFile(terminal: Pick<Terminal, 'print'>, path: string, asJson: boolean): boolean {
  const document = documentIn(path);
  if (!isPolicy(document)) return false;
  const policy = parsePolicy(basename(path, '.json'), document);
  if (!policy.ok) throw new TickwellError('invalid-argument', `${path}: ${policy.error.join('; ')}`);
  const { instruments, sources, best } = policy.value;
  terminal.print(
    asJson
      ? JSON.stringify({
          ok: true,
          instruments: instruments.ids.length,
          ...(instruments.rule === undefined ? {} : { rule: instruments.rule }),
          sources: sources.map(({ source }) => source),
          best,
        })
      : `${path} is a policy for ${selectionText(instruments)}: ${sources.map(({ source }) => source).join(', then ')}`,
  );
  return true;
}

/** "2 instruments and every one of the map of type etf" */
function selectionText({ ids, rule }: SourcePolicy['instruments']): string {
  const named = `${ids.length} ${ids.length === 1 ? 'instrument' : 'instruments'}`;
  if (rule === undefined) return named;
  return `${ids.length === 0 ? '' : `${named} and `}every one of the map of ${ruleText(rule)}`;
}

/** Undefined for what is no JSON file; whoever knows what else it may be says what is wrong. */
function documentIn(path: string): unknown {
  if (!path.endsWith('.json')) return undefined;
  try {
    const document: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return document;
  } catch {
    return undefined;
  }
}
