import { describe, expect, it } from 'vitest';
import { readFundamentals } from './fundamentals.ts';
import { xmlTokens } from './xml.ts';

const SNAPSHOT = `<?xml version="1.0"?><ReportSnapshot><!-- as IB sends it -->
  <CoIDs><CoID Type="CompanyName">A &amp; B &#233; &lt;Inc&gt;</CoID></CoIDs>
  <Ratios PriceCurrency="USD" ReportingCurrency="EUR" LatestAvailableDate="2023-12-31">
    <Group ID="Price and Volume"><Ratio FieldName="MKTCAP" Type="N">2,994,370.5</Ratio>
    <Ratio FieldName="PDATE" Type="D">2024-01-05T00:00:00</Ratio><Ratio FieldName="VOL" Type="N">-</Ratio></Group>
  </Ratios></ReportSnapshot>`;
const SUMMARY = `<FinancialSummary><EPSs currency="USD"><EPS asofDate="2023-09-30" reportType="TTM" period="12M">6.13</EPS>
  <EPS asofDate="2023-09-30" reportType="A" period="12M">6.13</EPS><EPS asofDate="2023-06-30" reportType="P" period="3M">1.26</EPS></EPSs></FinancialSummary>`;
const STATEMENTS = `<ReportFinancialStatements><FinancialStatements><AnnualPeriods>
  <FiscalPeriod Type="Annual" EndDate="2023-09-30" FiscalYear="2023"><Statement Type="INC"><FPHeader><Source Date="2023-11-03"/></FPHeader>
  <lineItem coaCode="SREV">383285.0</lineItem></Statement></FiscalPeriod></AnnualPeriods></FinancialStatements></ReportFinancialStatements>`;

function read(xml: string): unknown {
  const items = readFundamentals(xml);
  if (!items.ok) return items.error;
  return items.value.map(({ item, periodType, periodEndNs, value, currency }) =>
    [
      item,
      periodType,
      new Date(Number(periodEndNs / 1_000_000n)).toISOString().slice(0, 10),
      value,
      currency,
    ].join(' '),
  );
}

describe('readFundamentals', () => {
  it('reads the numbers of each report', () => {
    expect(read(SNAPSHOT)).toEqual(['MKTCAP instant 2023-12-31 2994370.5 EUR']);
    expect(read(SUMMARY)).toEqual([
      'EPS ttm 2023-09-30 6.13 USD',
      'EPS annual 2023-09-30 6.13 USD',
      'EPS quarterly 2023-06-30 1.26 USD',
    ]);
    expect(read(STATEMENTS)).toEqual(['INC:SREV annual 2023-09-30 383285 ']);
  });

  it('says of anything else that it holds no numbers', () => {
    expect(read('')).toContain('no numbers');
    expect(read('<html><body>We are sorry</body></html>')).toContain('no numbers');
    expect(read('<a>'.repeat(200))).toContain('nested');
  });
});

describe('xmlTokens', () => {
  it('reads entities, CDATA and empty elements', () => {
    expect([...xmlTokens(`<a x='1&amp;2'/>&#x41;&quot;<![CDATA[<raw>]]>&unknown;`)]).toEqual([
      { kind: 'open', name: 'a', attributes: { x: '1&2' } },
      { kind: 'close', name: 'a' },
      { kind: 'text', text: 'A"' },
      { kind: 'text', text: '<raw>' },
    ]);
  });
});
