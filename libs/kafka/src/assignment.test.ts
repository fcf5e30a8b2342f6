import fc from 'fast-check';
import { AssignerProtocol } from 'kafkajs';
import { expect, it } from 'vitest';
import { assign, readAssignment, subscription, wantedTopics } from './assignment.ts';

const members = (topics: readonly (readonly string[])[]): { memberId: string; memberMetadata: Buffer }[] =>
  topics.map((wanted, at) => ({ memberId: `m${at}`, memberMetadata: subscription(wanted).metadata }));

it('gives every partition to exactly one member that wants it, evenly, the same number of all topics to one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 8 }), (count, partitions) => {
      const counts = new Map([
        ['a', partitions],
        ['b', partitions],
      ]);
      const assigned = assign(members(Array.from({ length: count }, () => ['a', 'b'])), counts).map((each) =>
        readAssignment(each.memberAssignment),
      );
      const all = assigned.flat().map(({ topic, partition }) => `${topic}/${partition}`);
      expect(all.toSorted()).toEqual(
        ['a', 'b'].flatMap((topic) => Array.from({ length: partitions }, (_, at) => `${topic}/${at}`)),
      );
      for (const places of assigned) {
        const of = (name: string): number[] =>
          places.filter(({ topic }) => topic === name).map(({ partition }) => partition);
        expect(of('a')).toEqual(of('b'));
        expect(of('a').length).toBeLessThanOrEqual(Math.ceil(partitions / count));
      }
    }),
  );
});

it('assigns a topic only to members that want it', () => {
  const group = members([['a'], ['a', 'b'], ['b']]);
  expect(wantedTopics(group).toSorted()).toEqual(['a', 'b']);
  const counts = new Map([
    ['a', 2],
    ['b', 2],
  ]);
  const assigned = assign(group, counts).map(({ memberId, memberAssignment }) => [
    memberId,
    AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment,
  ]);
  expect(assigned).toEqual([
    ['m0', { a: [0] }],
    ['m1', { a: [1], b: [0] }],
    ['m2', { b: [1] }],
  ]);
});

it('reads an empty assignment', () => {
  expect(readAssignment(Buffer.alloc(0))).toEqual([]);
});
