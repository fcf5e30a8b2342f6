import type { IndicatorDefinition, Memory, ParameterRule } from './definition.ts';
import type { Registry } from './registry.ts';
import { parseSpec } from './spec.ts';

const MEMORIES: Readonly<Record<Memory, string>> = {
  window: 'the last inputs alone, as many as it needs to be warm',
  'utc-day': 'the inputs of the UTC day',
  session: 'the inputs of the session, and of whole sessions that it waits for',
  series: 'all inputs since the first',
};

/** `docs/indicators.md`: every indicator of a registry. */
export function indicatorsPage(registry: Registry): string {
  const definitions = [...registry.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const links = definitions.map(({ name }) => `[${name}](#${name})`);
  return `# Indicators

Generated from \`libs/indicators\` (\`vitest run --project unit libs/indicators -u\` rewrites it; a test checks that it is current).
How to add one: \`libs/indicators/README.md\`.

A specification is \`name(parameter,…[,source])\`: \`sma(20)\`, \`ema(12,hl2)\`, \`macd(12,26,9)\`. The source is a number of the bar (open, high, low, close, volume, hl2,
hlc3, ohlc4, vwap), or another indicator: \`ema(9,rsi(14))\`, \`sma(5,macd(12,26,9).signal)\`. Case and blanks do not matter. An indicator says the same
bits live, in batch, after a restart and after a correction, and whether it is warm.

There are ${definitions.length}: ${links.join(', ')}.

${definitions.map(section).join('\n\n')}
`;
}

function section(definition: IndicatorDefinition): string {
  const { name, title, parameters, defaultSource, reads, outputs, formula, examples } = definition;
  const [example] = examples;
  const parsed = parseSpec(example, new Map([[name, definition]]));
  const warm = parsed.ok
    ? `\`${example}\` is warm with input ${parsed.spec.lookback + 1}`
    : parsed.error.message;
  const memory = parsed.ok ? MEMORIES[parsed.spec.memory] : '';
  const fields = reads.filter((field) => field !== 'source').join(', ');
  const inputs = [defaultSource === null ? '' : `a source, by default ${defaultSource}`, fields];
  return `## ${name}

${title}. ${formula}

| | |
|---|---|
| parameters | ${parameters.map(ruleText).join('; ') || 'none'} |
| inputs | ${inputs.filter((text) => text !== '').join('; ')} |
| outputs | ${outputs.join(', ')} |
| warm | ${warm}; its bits depend on ${memory} |`;
}

function ruleText(rule: ParameterRule): string {
  if (rule.kind === 'choice') return `\`${rule.name}\`: ${rule.choices.join(', ')}`;
  return `\`${rule.name}\`: ${rule.kind === 'integer' ? 'a whole number' : 'a number'} from ${rule.min} to ${rule.max}`;
}
