import { createRegistry, fromBinary, toJson, type JsonValue } from '@bufbuild/protobuf';
import { err, errorMessage, ok, type Result } from '@tickwell/domain';
import type { DecodeError } from './codec.ts';
import { file_tickwell_events_v1_alert } from './gen/tickwell/events/v1/alert_pb.js';
import { file_tickwell_events_v1_common } from './gen/tickwell/events/v1/common_pb.js';
import { file_tickwell_events_v1_control } from './gen/tickwell/events/v1/control_pb.js';
import { file_tickwell_events_v1_frame } from './gen/tickwell/events/v1/frame_pb.js';
import { file_tickwell_events_v1_market } from './gen/tickwell/events/v1/market_pb.js';
import { file_tickwell_events_v1_portfolio } from './gen/tickwell/events/v1/portfolio_pb.js';
import { file_tickwell_events_v1_quality } from './gen/tickwell/events/v1/quality_pb.js';
import { file_tickwell_events_v1_reconciliation } from './gen/tickwell/events/v1/reconciliation_pb.js';
import { file_tickwell_state_v1_checkpoint } from './gen/tickwell/state/v1/checkpoint_pb.js';

const TYPES = createRegistry(
  file_tickwell_events_v1_alert,
  file_tickwell_events_v1_common,
  file_tickwell_events_v1_control,
  file_tickwell_events_v1_frame,
  file_tickwell_events_v1_market,
  file_tickwell_events_v1_portfolio,
  file_tickwell_events_v1_quality,
  file_tickwell_events_v1_reconciliation,
  file_tickwell_state_v1_checkpoint,
);

/** The value of a record of any topic in protobuf's JSON form (64-bit numbers are strings), by the type its content-type names. */
export function recordToJson(typeName: string, bytes: Uint8Array): Result<JsonValue, DecodeError> {
  const type = TYPES.getMessage(typeName);
  if (type === undefined)
    return err({ rule: 'unknown-value', reason: `no message type "${typeName.slice(0, 120)}" is known` });
  try {
    return ok(toJson(type, fromBinary(type, bytes)));
  } catch (cause) {
    return err({ rule: 'malformed-protobuf', reason: `not a ${typeName}: ${errorMessage(cause)}` });
  }
}
