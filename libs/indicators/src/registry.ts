import type { IndicatorDefinition } from './definition.ts';
import { ad } from './indicators/ad.ts';
import { adosc } from './indicators/adosc.ts';
import { adx } from './indicators/adx.ts';
import { aroon } from './indicators/aroon.ts';
import { atr } from './indicators/atr.ts';
import { bbands } from './indicators/bbands.ts';
import { beta } from './indicators/beta.ts';
import { camarilla } from './indicators/camarilla.ts';
import { cci } from './indicators/cci.ts';
import { correl } from './indicators/correl.ts';
import { dema } from './indicators/dema.ts';
import { di } from './indicators/di.ts';
import { donchian } from './indicators/donchian.ts';
import { ema } from './indicators/ema.ts';
import { garmanklass } from './indicators/garmanklass.ts';
import { heikinashi } from './indicators/heikinashi.ts';
import { hma } from './indicators/hma.ts';
import { ichimoku } from './indicators/ichimoku.ts';
import { kama } from './indicators/kama.ts';
import { keltner } from './indicators/keltner.ts';
import { linreg } from './indicators/linreg.ts';
import { macd } from './indicators/macd.ts';
import { mfi } from './indicators/mfi.ts';
import { mom } from './indicators/mom.ts';
import { natr } from './indicators/natr.ts';
import { obv } from './indicators/obv.ts';
import { parkinson } from './indicators/parkinson.ts';
import { pivots } from './indicators/pivots.ts';
import { ratio } from './indicators/ratio.ts';
import { realvol } from './indicators/realvol.ts';
import { roc } from './indicators/roc.ts';
import { rsi } from './indicators/rsi.ts';
import { sar } from './indicators/sar.ts';
import { sma } from './indicators/sma.ts';
import { spread } from './indicators/spread.ts';
import { stddev } from './indicators/stddev.ts';
import { stoch } from './indicators/stoch.ts';
import { stochf } from './indicators/stochf.ts';
import { stochrsi } from './indicators/stochrsi.ts';
import { supertrend } from './indicators/supertrend.ts';
import { t3 } from './indicators/t3.ts';
import { tema } from './indicators/tema.ts';
import { trange } from './indicators/trange.ts';
import { trix } from './indicators/trix.ts';
import { ultosc } from './indicators/ultosc.ts';
import { variance } from './indicators/variance.ts';
import { volumeprofile } from './indicators/volumeprofile.ts';
import { vwap } from './indicators/vwap.ts';
import { willr } from './indicators/willr.ts';
import { wma } from './indicators/wma.ts';
import { zscore } from './indicators/zscore.ts';

/** Indicators by name. */
export type Registry = ReadonlyMap<string, IndicatorDefinition>;

/** Every indicator of the library. A new one is its file and its line here; the contract suite then runs over it. */
export const BUILT_IN: Registry = new Map(
  [
    ad,
    adosc,
    adx,
    aroon,
    atr,
    bbands,
    beta,
    camarilla,
    cci,
    correl,
    dema,
    di,
    donchian,
    ema,
    garmanklass,
    heikinashi,
    hma,
    ichimoku,
    kama,
    keltner,
    linreg,
    macd,
    mfi,
    mom,
    natr,
    obv,
    parkinson,
    pivots,
    ratio,
    realvol,
    roc,
    rsi,
    sar,
    sma,
    spread,
    stddev,
    stoch,
    stochf,
    stochrsi,
    supertrend,
    t3,
    tema,
    trange,
    trix,
    ultosc,
    variance,
    volumeprofile,
    vwap,
    willr,
    wma,
    zscore,
  ].map((definition) => [definition.name, definition]),
);

let all: Registry = BUILT_IN;

/** The built-in indicators and those of the user's modules ({@link addIndicators}): what a specification may name in this process. */
export function allIndicators(): Registry {
  return all;
}

/**
 * Adds indicators to those that a specification may name, for good: once, before the first specification is read. Returns the names that there are
 * already, of which none is replaced; then nothing is added.
 */
export function addIndicators(definitions: readonly IndicatorDefinition[]): readonly string[] {
  const more = new Map(all);
  const taken = definitions.flatMap((definition) => {
    if (more.has(definition.name)) return definition.name;
    more.set(definition.name, definition);
    return [];
  });
  if (taken.length === 0) all = more;
  return taken;
}
