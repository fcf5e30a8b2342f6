import { FRAME_RULES } from './frame/catalogue.ts';
import type { FrameRule } from './frame/frame-rule.ts';
import { KINDS, rulesOf } from './kinds/index.ts';
import { RULE_EXAMPLES } from './rule-examples.ts';
import { RECORD_RULES } from './record-rules.ts';
import type { RuleInfo } from './rule.ts';

const SEVERITIES = `- **reject**: the event becomes a dead letter in \`md.dead-letters\`, with its bytes, the rule, the reason and its position.
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

The first broken rule of a kind decides, in this order; flags come last.

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
