import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readRecorded } from './archive.ts';
import { splitRows } from './rows.ts';

/** One 10-K or 10-Q as the pystock data has it (from the filings at the SEC); amounts in dollars, NaN where not reported. */
interface Report {
  readonly filed: string;
  readonly ends: string;
  readonly period: string;
  readonly fiscalYear: string;
  readonly amounts: Readonly<Record<string, number>>;
}

const COLUMNS = [
  'revenues',
  'op_income',
  'net_income',
  'eps_basic',
  'eps_diluted',
  'dividend',
  'assets',
  'cur_assets',
  'cur_liab',
  'cash',
  'equity',
  'cash_flow_op',
  'cash_flow_inv',
  'cash_flow_fin',
];

/** Statement, code and column of a line of ReportsFinStatements. */
const LINES = [
  ['INC', 'RTLR', 'revenues'],
  ['INC', 'SOPI', 'op_income'],
  ['INC', 'NINC', 'net_income'],
  ['BAL', 'SCSI', 'cash'],
  ['BAL', 'ATCA', 'cur_assets'],
  ['BAL', 'ATOT', 'assets'],
  ['BAL', 'LTCL', 'cur_liab'],
  ['BAL', 'QTLE', 'equity'],
  ['CAS', 'OTLO', 'cash_flow_op'],
  ['CAS', 'ITLI', 'cash_flow_inv'],
  ['CAS', 'FTLF', 'cash_flow_fin'],
] as const;

/**
 * XML of the three report types, made from reports that companies filed in 2015 to 2017, in the shape of IB's (Refinitiv) and much
 * smaller. Undefined for companies without reports and for other types.
 */
export function createFundamentals(
  dataDir: string,
): (symbol: string, reportType: string) => string | undefined {
  const path = join(dataDir, 'pystock_us_daily/reports_250_symbols_20150323_20170331.csv.gz');
  let bySymbol: ReadonlyMap<string, readonly Report[]> | undefined;
  return (symbol, reportType) => {
    bySymbol ??= existsSync(path) ? readReports(path) : new Map();
    const reports = bySymbol.get(symbol);
    return reports === undefined ? undefined : render(symbol, reportType, reports);
  };
}

/** The newest filing of every period, oldest period first. */
function readReports(path: string): ReadonlyMap<string, readonly Report[]> {
  const bySymbol = new Map<string, Map<string, Report>>();
  for (const [filed = '', symbol = '', ends = '', , period = '', fiscalYear = '', , ...cells] of splitRows(
    readRecorded(path),
    1,
  )) {
    const amounts = Object.fromEntries(
      COLUMNS.map((column, index) => [column, cells[index] ? Number(cells[index]) : Number.NaN]),
    );
    const reports = bySymbol.get(symbol) ?? new Map<string, Report>();
    bySymbol.set(symbol, reports.set(`${ends} ${period}`, { filed, ends, period, fiscalYear, amounts }));
  }
  return new Map(
    [...bySymbol].map(([symbol, reports]) => [
      symbol,
      [...reports.values()].sort((a, b) => a.ends.localeCompare(b.ends)),
    ]),
  );
}

function render(symbol: string, reportType: string, reports: readonly Report[]): string | undefined {
  switch (reportType) {
    case 'ReportSnapshot':
      return renderSnapshot(symbol, reports);
    case 'ReportsFinSummary':
      return renderSummary(reports);
    case 'ReportsFinStatements':
      return renderStatements(symbol, reports);
    default:
      return undefined;
  }
}

function renderSnapshot(symbol: string, reports: readonly Report[]): string {
  const last = reports.at(-1);
  const ratios = (
    [
      ['REV', 'revenues', 1e6],
      ['NIAC', 'net_income', 1e6],
      ['EPSEXCLXOR', 'eps_diluted', 1],
      ['DIVSHR', 'dividend', 1],
      ['TOTASSETS', 'assets', 1e6],
      ['CASH', 'cash', 1e6],
    ] as const
  ).flatMap(([name, column, unit]) =>
    numberOf(last, column, unit, (text) => `<Ratio FieldName="${name}" Type="N">${text}</Ratio>`),
  );
  return document(
    'ReportSnapshot Major="1" Minor="0" Revision="1"',
    `<CoIDs><CoID Type="Ticker">${symbol}</CoID></CoIDs>` +
      `<Ratios PriceCurrency="USD" ReportingCurrency="USD" LatestAvailableDate="${last?.ends ?? ''}">` +
      `<Group ID="${last?.period ?? ''}">${ratios.join('')}</Group></Ratios>`,
  );
}

function renderSummary(reports: readonly Report[]): string {
  const series = (list: string, item: string, column: string): string =>
    `<${list} currency="USD">${reports
      .flatMap((report) =>
        numberOf(
          report,
          column,
          1,
          (text) =>
            `<${item} asofDate="${report.ends}" reportType="A" period="${monthsOf(report)}">${text}</${item}>`,
        ),
      )
      .join('')}</${list}>`;
  return document(
    'FinancialSummary',
    series('EPSs', 'EPS', 'eps_diluted') +
      series('DividendPerShares', 'DividendPerShare', 'dividend') +
      series('TotalRevenues', 'TotalRevenue', 'revenues'),
  );
}

function renderStatements(symbol: string, reports: readonly Report[]): string {
  const periods = (annual: boolean): string =>
    reports
      .filter(({ period }) => (period === 'FY') === annual)
      .map(
        (report) =>
          `<FiscalPeriod Type="${annual ? 'Annual' : 'Interim'}" EndDate="${report.ends}" FiscalYear="${report.fiscalYear}"` +
          ` FiscalPeriodNumber="${report.period}">${['INC', 'BAL', 'CAS'].map((type) => statement(report, type)).join('')}</FiscalPeriod>`,
      )
      .join('');
  return document(
    'ReportFinancialStatements Major="1" Minor="0" Revision="1"',
    `<CoIDs><CoID Type="Ticker">${symbol}</CoID></CoIDs><FinancialStatements>` +
      `<AnnualPeriods>${periods(true)}</AnnualPeriods><InterimPeriods>${periods(false)}</InterimPeriods></FinancialStatements>`,
  );
}

/** Amounts in millions, as IB has them. */
function statement(report: Report, type: string): string {
  const lines = LINES.filter(([of]) => of === type).flatMap(([, code, column]) =>
    numberOf(report, column, 1e6, (text) => `<lineItem coaCode="${code}">${text}</lineItem>`),
  );
  return `<Statement Type="${type}"><FPHeader><PeriodLength>${monthsOf(report).replace('M', '')}</PeriodLength><periodType Code="M">Months</periodType><StatementDate>${report.ends}</StatementDate><Source Date="${report.filed}"/></FPHeader>${lines.join('')}</Statement>`;
}

function monthsOf({ period }: Report): string {
  return period === 'FY' ? '12M' : '3M';
}

/** Nothing where the company reported nothing. */
function numberOf(
  report: Report | undefined,
  column: string,
  unit: number,
  write: (text: string) => string,
): readonly string[] {
  const amount = report?.amounts[column] ?? Number.NaN;
  return Number.isNaN(amount) ? [] : [write(String(amount / unit))];
}

function document(root: string, body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${body}</${root.split(' ')[0] ?? ''}>`;
}
