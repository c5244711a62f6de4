// What may happen to a rotation, in any order, as commands of fast-check.

import fc from 'fast-check';
import type { World } from '../hierarchy/rotation/world.js';
import { type Fault, Model, type Operation } from './rotation.js';

const index = fc.nat({ max: 63 });

const fault = fc.constantFrom<Fault>('none', 'none', 'none', 'torn', 'lost', 'late', 'reversed');

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('drive' as const),
      driver: fc.nat({ max: 1 }),
      fault,
      stale: fc.boolean(),
      some: index,
      steps: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('create' as const), age: fc.nat({ max: 2 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('delete', 'restore', 'stop', 'start', 'purge'),
      key: index,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('crash' as const), driver: fc.nat({ max: 1 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('deliver', 'repeat'), write: index }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('rollback', 'abort', 'pause', 'resume') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      key: index,
      age: fc.nat({ max: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('tick' as const),
      seconds: fc.constantFrom(1, 30, 61, 3 * 86_400),
    }),
  },
);

/** A reference of clear keys, and the store that has to agree with it after every command. */
type Command = fc.AsyncCommand<Model['reference'], Model>;

function commandOf(thing: Operation): Command {
  return {
    check: () => true, // what it meets decides what it does
    run: (_, model) => model.run(thing),
    toString: () => fc.stringify(thing),
  };
}

/** Up to fifty things that happen. */
export const operations: fc.Arbitrary<Iterable<Command>> = fc.commands([operation.map(commandOf)], {
  maxCommands: 50,
  size: 'max',
});

/** Does all of them in a world, and then what is left to do. */
export async function runAll(world: World, commands: Iterable<Command>): Promise<Model> {
  const model = new Model(world);
  await fc.asyncModelRun(() => ({ model: model.reference, real: model }), commands);
  await model.finish();
  return model;
}
