import type { CompileSchema, SchemaCheck } from '@tickwell/ports';
import instrument from '../schemas/instrument.schema.json' with { type: 'json' };
import job from '../schemas/job.schema.json' with { type: 'json' };
import portfolio from '../schemas/portfolio.schema.json' with { type: 'json' };
import retention from '../schemas/retention.schema.json' with { type: 'json' };
import source from '../schemas/source.schema.json' with { type: 'json' };
import strategy from '../schemas/strategy.schema.json' with { type: 'json' };
import { KIND_NAMES, type ConfigKind, type ConfigKindName, type ConfigKinds } from './kinds.ts';

/** The JSON Schema (draft 2020-12) of each kind that has one: what its documents must look like, for people and editors, too. */
export const CONFIG_SCHEMAS: Partial<Readonly<Record<ConfigKindName, object>>> = {
  strategy,
  portfolio,
  job,
  instrument,
  retention,
  source,
};

/** The kinds with their schemas checked first; what else is known of a kind is checked of documents that pass. */
export function withSchemas(kinds: ConfigKinds, compile: CompileSchema): ConfigKinds {
  const checked = KIND_NAMES.flatMap((name) => {
    const schema = CONFIG_SCHEMAS[name];
    const kind = kinds[name];
    if (schema === undefined) return kind === undefined ? [] : [[name, kind] as const];
    return [[name, withSchema(schema, kind, compile)] as const];
  });
  return Object.fromEntries(checked);
}

function withSchema(schema: object, kind: ConfigKind | undefined, compile: CompileSchema): ConfigKind {
  // Made with the first document of the kind: it takes some 50 ms.
  let check: SchemaCheck | undefined;
  return {
    check: (id, document) => {
      check ??= compile(schema);
      const problem = check(document);
      return problem === undefined ? (kind?.check(id, document) ?? []) : [problem];
    },
    createIndex: () => kind?.createIndex?.(),
  };
}
