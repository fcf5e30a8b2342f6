import { create, toBinary } from '@bufbuild/protobuf';
import type { AlertEvent, AlertEventKind, Severity } from '@tickwell/alerts';
import { err, ok, type Result } from '@tickwell/domain';
import { parseMessage, type DecodeError } from './codec.ts';
import {
  AlertEventKind as Kind,
  AlertEventSchema,
  AlertSeverity,
  type AlertEvent as AlertEventMessage,
} from './gen/tickwell/events/v1/alert_pb.js';

const KINDS: Readonly<Record<AlertEventKind, Kind>> = {
  pending: Kind.PENDING,
  cleared: Kind.CLEARED,
  fired: Kind.FIRED,
  repeated: Kind.REPEATED,
  recovered: Kind.RECOVERED,
  released: Kind.RELEASED,
  continues: Kind.CONTINUES,
  delivered: Kind.DELIVERED,
  'delivery-failed': Kind.DELIVERY_FAILED,
  'given-up': Kind.DELIVERY_GIVEN_UP,
  owned: Kind.OWNED,
};
const SEVERITIES: Readonly<Record<Severity, AlertSeverity>> = {
  info: AlertSeverity.INFO,
  warning: AlertSeverity.WARNING,
  critical: AlertSeverity.CRITICAL,
};
const KIND_OF = new Map(entries(KINDS));
const SEVERITY_OF = new Map(entries(SEVERITIES));

/** The message of an alert's event. */
export function alertEventToProto(event: AlertEvent): AlertEventMessage {
  const { members, channels, kind, severity, ...fields } = event;
  return create(AlertEventSchema, {
    ...fields,
    kind: KINDS[kind],
    severity: alertSeverityToProto(severity),
    members: members.map(({ name, value }) => ({ name, value })),
    channels: [...channels],
  });
}

export function alertEventFromProto(message: AlertEventMessage): Result<AlertEvent, DecodeError> {
  const kind = KIND_OF.get(message.kind);
  if (kind === undefined)
    return err({ rule: 'unknown-value', reason: `kind ${message.kind} of an alert is not known` });
  const { eventId, rule, group, timeNs, sinceNs, summary, memberCount, channels, reason } = message;
  const { ofEventId, channel, attempt, ruleVersion, owner, value } = message;
  return ok({
    ...{ eventId, rule, group, kind, timeNs, sinceNs, summary, value, memberCount, channels, reason },
    ...{ ofEventId, channel, attempt, ruleVersion, owner },
    severity: alertSeverityFromProto(message.severity),
    members: message.members.map((member) => ({ name: member.name, value: member.value })),
  });
}

export function alertSeverityToProto(severity: Severity): AlertSeverity {
  return SEVERITIES[severity];
}

export function alertSeverityFromProto(severity: AlertSeverity): Severity {
  return SEVERITY_OF.get(severity) ?? 'info';
}

/** An alert's event as bytes of `tickwell.events.v1.AlertEvent`. */
export function encodeAlertEvent(event: AlertEvent): Uint8Array {
  return toBinary(AlertEventSchema, alertEventToProto(event));
}

export function decodeAlertEvent(bytes: Uint8Array): Result<AlertEvent, DecodeError> {
  const parsed = parseMessage(AlertEventSchema, bytes);
  return parsed.ok ? alertEventFromProto(parsed.value) : parsed;
}

function entries<K extends string, V>(record: Readonly<Record<K, V>>): [V, K][] {
  return (Object.keys(record) as K[]).map((key) => [record[key], key]);
}
