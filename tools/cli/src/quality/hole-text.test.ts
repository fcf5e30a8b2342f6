import type { LedgerHole } from '@tickwell/client';
import { parseIsoTime } from '@tickwell/domain';
import { expect, it } from 'vitest';
import { holeJson, repairedText, whyText } from './hole-text.ts';

function ns(text: string): bigint {
  const parsed = parseIsoTime(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

const HOLE: LedgerHole = {
  symbol: 'BTCUSD',
  source: 'best',
  kind: 'bars',
  interval: '5s',
  priceType: 'trade',
  startNs: ns('2025-10-06T14:00:00Z'),
  endNs: ns('2025-10-06T14:05:00Z'),
  state: 'missing',
  reason: 'socket closed',
  sinceNs: ns('2025-10-06T14:06:00Z'),
  missing: 60,
  events: 0,
  step: 1,
  attempts: 0,
  askedSource: '',
  sourceAttempts: 0,
  requestId: '',
  askedAtNs: undefined,
  answeredAtNs: undefined,
  answer: '',
  isAnswerFinal: false,
  answerStream: '',
  repairedAtNs: undefined,
  repairedSource: '',
  repairedStream: '',
  repairRequestId: '',
};

it('says why something is missing, since when, and who was asked for it', () => {
  expect(whyText(HOLE)).toBe('socket closed; known since 2025-10-06T14:06:00Z');
  const asked = { ...HOLE, attempts: 1, askedSource: 'ib:history' };
  expect(whyText(asked)).toBe(
    'socket closed; known since 2025-10-06T14:06:00Z; 1 request, the last to ib:history (not answered yet)',
  );
  const reason = 'no source has it';
  expect(whyText({ ...asked, state: 'given-up', attempts: 6, reason, answer: 'nothing of it' })).toBe(
    'given up: no source has it; known since 2025-10-06T14:06:00Z; 6 requests, the last to ib:history (nothing of it)',
  );
});

it('says who repaired it and how long that took, for people and machines', () => {
  const repairedAtNs = ns('2025-10-06T14:08:05Z');
  const repaired: LedgerHole = { ...HOLE, state: 'repaired', repairedAtNs, repairedSource: 'desk' };
  expect(repairedText(repaired)).toBe(
    'BTCUSD best: repaired from 2025-10-06T14:00:00Z to 2025-10-06T14:05:00Z by desk after 2 min 5 s: socket closed',
  );
  expect(holeJson(repaired)).toMatchObject({
    state: 'repaired',
    start: '2025-10-06T14:00:00Z',
    repairedAt: '2025-10-06T14:08:05Z',
    askedAt: null,
    timeToRepairMs: 125_000,
  });
});
