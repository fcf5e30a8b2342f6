import { AssignerProtocol } from 'kafkajs';
import type { GroupMember, GroupMemberAssignment, GroupState } from 'kafkajs';
import type { TopicPartition } from '@tickwell/ports';

/** Name of the group protocol: all members of a group must share it, so a member that assigns otherwise is refused by Kafka. */
const PROTOCOL = 'tickwell-partition-v1';
const VERSION = 1;
const NO_USER_DATA = Buffer.alloc(0);

export function subscription(topics: readonly string[]): GroupState {
  return {
    name: PROTOCOL,
    metadata: AssignerProtocol.MemberMetadata.encode({
      version: VERSION,
      topics: [...topics],
      userData: NO_USER_DATA,
    }),
  };
}

/**
 * The leader's part: partition p of every topic goes to the same member (position p modulo the number of members, in order of member id),
 * so that what belongs to one symbol meets in one process whatever its topic.
 */
export function assign(
  members: readonly GroupMember[],
  partitionCounts: ReadonlyMap<string, number>,
): GroupMemberAssignment[] {
  const subscribed = members
    .map(({ memberId, memberMetadata }) => ({
      memberId,
      topics: new Set(AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? []),
    }))
    .toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const assigned = new Map(subscribed.map(({ memberId }) => [memberId, new Map<string, number[]>()]));
  for (const [topic, count] of partitionCounts) {
    const takers = subscribed.filter(({ topics }) => topics.has(topic));
    for (let partition = 0; partition < count; partition++) {
      const taker = takers[partition % takers.length];
      if (taker === undefined) continue;
      const topics = assigned.get(taker.memberId);
      topics?.set(topic, [...(topics.get(topic) ?? []), partition]);
    }
  }
  return [...assigned].map(([memberId, topics]) => ({
    memberId,
    memberAssignment: AssignerProtocol.MemberAssignment.encode({
      version: VERSION,
      assignment: Object.fromEntries(topics),
      userData: NO_USER_DATA,
    }),
  }));
}

/** Topics that any member wants; the leader needs their partition counts. */
export function wantedTopics(members: readonly GroupMember[]): string[] {
  const topics = members.flatMap(
    ({ memberMetadata }) => AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? [],
  );
  return [...new Set(topics)];
}

export function readAssignment(encoded: Buffer): TopicPartition[] {
  const assignment = AssignerProtocol.MemberAssignment.decode(encoded)?.assignment ?? {};
  return Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}
