/** Fundamental data: reports in XML. */
import type { Session } from '../session.ts';
import { fundamentalData as fundamentalDataMessage } from '../wire/messages/account.ts';
import type { FundamentalDataRequest } from '../wire/requests.ts';

export function fundamentalData(session: Session, request: FundamentalDataRequest): void {
  const { gateway } = session;
  const { reqId } = request;
  const instrument = gateway.directory.only(request.contract, gateway.clock.nowMs());
  if (!instrument.ok) {
    session.error(reqId, instrument.error.code, instrument.error.text);
    return;
  }
  if (!session.begin('fundamental', reqId)) return;
  gateway.answerLater(() => {
    if (!session.end('fundamental', reqId)) return;
    const xml = gateway.market.fundamentals(instrument.value.conId, request.reportType);
    if (xml === undefined)
      session.error(
        reqId,
        430,
        'We are sorry, but fundamentals data for the security specified is not available.Fundamentals data is not available',
      );
    else session.send(fundamentalDataMessage(reqId, xml));
  });
}

export function cancelFundamentalData(session: Session, reqId: number): void {
  if (!session.end('fundamental', reqId)) session.error(reqId, 300, `Can't find EId with tickerId:${reqId}`);
}
