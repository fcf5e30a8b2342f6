import { FRAME_RULES } from './frame/catalogue.ts';
import type { FrameRule } from './frame/frame-rule.ts';
import { KINDS, rulesOf } from './kinds/index.ts';
import { RULE_EXAMPLES } from './rule-examples.ts';
import { RECORD_RULES } from './record-rules.ts';
import type { RuleInfo } from './rule.ts';
import { TUNABLES } from './settings/catalogue.ts';
import type { Tunable } from './settings/tunable.ts';

const SEVERITIES = `- **reject**: the event becomes a dead letter in \`md.dead-letters\`, with its bytes, the rule, the reason and its position.
- **quarantine**: so does it, and a person decides: \`tickwell dead-letter list --severity quarantine\` shows what is held, \`replay\` lets it through, and no rule about the market
  holds it a second time ([dead-letters.md](dead-letters.md)).
- **duplicate**: the event is there already; it is counted and dropped.
- **flag**: the event goes through, and a finding in \`md.quality\` says what is odd about it.`;

/** `docs/validation-rules.md`: every rule there is, from the lists the validator runs. */
export function rulesPage(): string {
  return `# Validation rules

Generated from \`libs/validation\` (\`vitest run --project unit libs/validation -u\` rewrites it; a test checks that it is current).
How to add a rule: \`libs/validation/README.md\`.

${SEVERITIES}

## Rules about a record

A record that breaks one becomes one dead letter as a whole (the original bytes, at most 64 KiB of them, with size and SHA-256).

${table(
  ['rule', 'what breaks it', 'for example', 'parameters'],
  RECORD_RULES.map((rule) => [
    `\`${rule.id}\``,
    rule.description,
    RULE_EXAMPLES[rule.id] ?? '',
    parameters(rule),
  ]),
)}

## Rules about events

The first broken rule of a kind decides, in this order; those with a number of their own by class, which judge what is usual of a market, come last. Several may flag one event.

${table(
  ['rule', 'kinds', 'severity', 'what breaks it', 'for example', 'parameters'],
  eventRules().map(({ rule, kinds }) => [
    `\`${rule.id}\``,
    kinds.join(', '),
    rule.severity,
    rule.description,
    RULE_EXAMPLES[rule.id] ?? '',
    parameters(rule),
  ]),
)}

## What a class of instruments may set

The rules about what is usual of a market have an action and numbers of their own for each class of instruments (the \`type\` of the instrument map; \`unknown\`
where it has none). A document of kind \`validation\` changes them; its id is a class, or \`all\`. What a class says comes before what \`all\` says, and both before these defaults:

    echo '{"rules": {"price-absurd": {"times": 20}, "outside-session": {"action": "quarantine"}}}' | tickwell config put validation crypto
    echo '{"rules": {"sequence-gap": {"sources": ["coinbase"]}}}' | tickwell config put validation all

\`action\` is one of those listed; numbers have bounds; a wrong document is refused with every problem named. It takes effect at a logged position, for every record from there on alike, also
after a restart ([0017](adr/0017-settings-at-a-logged-position.md)). Calendars are those of the instruments (\`tickwell instrument add AAPL --calendar XNYS\`); without one a crypto pair
trades round the clock and a currency as currencies do, and of anything else no rule about sessions is asked.

${table(
  ['rule', 'action', 'may be', 'number', 'default', 'of classes', 'from', 'to', 'what it is'],
  TUNABLES.flatMap(tunableRows),
)}

A bar against the ticks it is made of is a comparison of two sources, the source's bars and those derived from its trades: [reconciliation.md](reconciliation.md).

## Rules about files and history

They need what comes after a row, or several columns, so that they judge frames of bars (\`tickwell validate FILE\`, \`validateMarketData\`) and not the flow. Severity says
what the flow would do with such an event: a **quarantine**d one is held as a dead letter until somebody decides. What is a habit of the source, and rows without any price, are
notes and no findings.

${FRAME_RULES.map(section).join('\n\n')}
`;
}

function section(rule: FrameRule): string {
  const { id, severity, description, reason, example } = rule;
  const numbers = parameters(rule);
  return [
    `### \`${id}\` (${severity})`,
    description,
    `Why: ${reason}`,
    `Example: ${example}`,
    ...(numbers === '' ? [] : [`Parameters: ${numbers}.`]),
  ].join('\n\n');
}

/** A row for each number of a rule, the first with its action. */
function tunableRows({
  id,
  action,
  actionOfClass,
  actions,
  numbers,
  bySource,
}: Tunable): readonly string[][] {
  const head = [`\`${id}\``, ofClasses(action, actionOfClass), actions.join(', ')];
  const rows = Object.entries(numbers).map(([name, { value, ofClass, min, max, meaning }]) => [
    `\`${name}\``,
    String(value),
    ofClasses(undefined, ofClass),
    String(min),
    String(max),
    meaning,
  ]);
  if (bySource === true)
    rows.push(['`sources`', 'none', '', '', '', 'names of the sources that it is asked of']);
  if (rows.length === 0) rows.push(['', '', '', '', '', '']);
  return rows.map((row, at) => [...(at === 0 ? head : ['', '', '']), ...row]);
}

/** The value of all, then those of single classes: "flag; fund off". */
function ofClasses(
  value: string | undefined,
  ofClass: Readonly<Record<string, string | number>> = {},
): string {
  const byValue = Map.groupBy(Object.keys(ofClass), (name) => ofClass[name]);
  const classes = [...byValue].map(([own, names]) => `${names.join(', ')} ${own}`);
  return [...(value === undefined ? [] : [value]), ...classes].join('; ');
}

interface RuleRow {
  readonly rule: RuleInfo;
  readonly kinds: string[];
}

/** One row per rule; the same rule with other parameters is a row of its own. */
function eventRules(): readonly RuleRow[] {
  const rows = new Map<string, RuleRow>();
  for (const kind of KINDS) {
    for (const rule of rulesOf(kind)) {
      const key = `${rule.id} ${parameters(rule)}`;
      const row = rows.get(key) ?? { rule, kinds: [] };
      row.kinds.push(kind.name);
      rows.set(key, row);
    }
  }
  return [...rows.values()];
}

function parameters(rule: Pick<RuleInfo, 'parameters'>): string {
  return Object.entries(rule.parameters)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** A Markdown table with padded columns, as the formatter writes it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows];
  const widths = head.map((_title, column) => Math.max(...cells.map((row) => (row[column] ?? '').length), 3));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
