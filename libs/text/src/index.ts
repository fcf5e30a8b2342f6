export { isBlank, showCell, toNumber, type Cell } from './cells.ts';
export { splitQuoted, type QuoteProblem } from './csv-fields.ts';
export { parseExactJson } from './exact-json.ts';
export { createTimeParser, type TimeColumn, type TimeOptions, type TimeParser } from './time-parser.ts';
export { parseCompact, parseIso } from './time-pattern.ts';
