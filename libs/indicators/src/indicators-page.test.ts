import { expect, it } from 'vitest';
import { indicatorsPage } from './indicators-page.ts';
import { BUILT_IN } from './registry.ts';

it('docs/indicators.md lists every indicator there is', async () => {
  await expect(indicatorsPage(BUILT_IN)).toMatchFileSnapshot('../../../docs/indicators.md');
});
