import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkedBlock, createBlockChecker } from '../../../src/hierarchy/rotation/checked-block.js';
import type { RotationItem } from '../../../src/hierarchy/rotation/tasks.js';
import { formatHeader, KeyblockError } from '../../../src/index.js';

const ATTRIBUTES = {
  keyUsage: 'P0',
  algorithm: 'A',
  modeOfUse: 'B',
  keyVersionNumber: '00',
  exportability: 'E',
  keyBits: 128,
} as const;

const PLACES = ['kb1;c;eu;shop;1;key-1', 'kb1;c;eu;shop;1;key-2', 'kb1;c;eu;shop;1;key-12'];

/** A value in one case of so many. */
const oneIn = <T>(count: number, value: fc.Arbitrary<T>) =>
  fc.oneof(
    { weight: count - 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: value },
  );

/** A block and the item that it stands in, which may be of another key. */
const cases = fc.record({
  place: fc.constantFrom(...PLACES),
  placeInBlock: oneIn(4, fc.constantFrom(...PLACES)),
  label: oneIn(2, fc.constantFrom(...PLACES)),
  labelFirst: fc.boolean(),
  modeInBlock: oneIn(6, fc.constantFrom('E', 'D')),
  modeOfItem: oneIn(6, fc.constantFrom('E', 'D')),
  keyContext: oneIn(8, fc.constantFrom('0', '2')),
  altered: oneIn(4, fc.nat({ max: 95 })),
  missing: oneIn(12, fc.constant(true)),
  placeless: oneIn(8, fc.constant(true)),
  claimed: oneIn(8, fc.constantFrom('', null)),
  strange: oneIn(8, fc.constantFrom('é', '\n', '\ud800')),
  longerBy: oneIn(8, fc.constantFrom(-1, 1, 10_000)),
});

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function blockOf(c: Case): string | undefined {
  if (c.missing) return undefined;
  const places = c.placeless ? [] : [{ id: '77', data: c.placeInBlock ?? c.place }];
  const labels = c.label === undefined ? [] : [{ id: 'LB', data: c.label }];
  const header = {
    ...ATTRIBUTES,
    versionId: 'D',
    modeOfUse: c.modeInBlock ?? ATTRIBUTES.modeOfUse,
    keyContext: c.keyContext ?? '1',
    optionalBlocks: c.labelFirst ? [...labels, ...places] : [...places, ...labels],
  } as const;
  const payload = '0'.repeat(128 + (c.longerBy ?? 0));
  const text = withStrangeEnd(formatHeader({ header, keyBlockLength: 240 }), c) + payload;
  const { altered } = c;
  if (altered === undefined) return text;
  const other = text.charAt(altered) === 'X' ? 'Y' : 'X';
  return text.slice(0, altered) + other + text.slice(altered + 1);
}

function itemOf(c: Case): RotationItem {
  const attributes = { ...ATTRIBUTES, modeOfUse: c.modeOfItem ?? ATTRIBUTES.modeOfUse };
  const place = c.claimed === undefined ? withStrangeEnd(c.place, c) : c.claimed;
  return { recordId: 'key', expectedRevision: 1, place, attributes } as RotationItem;
}

/** A text in which the place ends in another character. */
function withStrangeEnd(text: string, { place, strange }: Case): string {
  return strange === undefined ? text : text.replace(place, place.slice(0, -1) + strange);
}

function outcomeOf(check: () => { readonly headerLength: number }): unknown {
  try {
    return check().headerLength;
  } catch (error) {
    if (!(error instanceof KeyblockError)) throw error;
    return { code: error.code, field: error.field, offset: error.offset };
  }
}

describe('createBlockChecker', () => {
  it('finds what checking each block by itself finds, whatever came before', () => {
    let passed = 0;
    fc.assert(
      fc.property(fc.array(cases, { minLength: 2, maxLength: 8 }), (sequence) => {
        const check = createBlockChecker();
        for (const c of sequence) {
          const item = itemOf(c);
          const block = blockOf(c);
          const alone = outcomeOf(() => checkedBlock(item, block));
          expect(outcomeOf(() => check(item, block))).toEqual(alone);
          if (typeof alone === 'number') passed++;
        }
      }),
      { numRuns: 2000 },
    );
    expect(passed).toBeGreaterThan(2000);
  });

  it('is not led to another place by a label that says the same as the place', () => {
    const check = createBlockChecker();
    const [mine = '', other = ''] = PLACES;
    const of = (place: string, placeInBlock: string, label: string) => {
      const c = { place, placeInBlock, label, labelFirst: true } as Case;
      return outcomeOf(() => check(itemOf(c), blockOf(c)));
    };
    expect(of(mine, mine, mine)).toBeTypeOf('number');
    expect(of(other, mine, other)).toMatchObject({ code: 'CONTEXT_MISMATCH', field: 'place' });
    expect(of(other, other, mine)).toBeTypeOf('number');
  });

  it('takes no place for an empty one', () => {
    const check = createBlockChecker();
    const c = { place: PLACES[0], placeless: true, label: 'label' } as Case;
    const block = blockOf(c);
    const placed = (place: unknown) => ({ ...itemOf(c), place }) as RotationItem;
    outcomeOf(() => check(placed(undefined), block)); // of a task that was altered on its way
    expect(outcomeOf(() => check(placed(''), block))).toMatchObject({ code: 'CONTEXT_MISMATCH' });
  });

  it.each([undefined, null, 5, {}, ['k']])('refuses a place that is no text: %j', (place) => {
    const check = createBlockChecker();
    const sound = { place: PLACES[0], labelFirst: false } as Case;
    const block = blockOf(sound);
    check(itemOf(sound), block);
    const item = { ...itemOf(sound), place } as unknown as RotationItem;
    expect(outcomeOf(() => check(item, block))).toMatchObject({ code: 'CONTEXT_MISMATCH' });
  });

  it.each([null, 5, {}, ['D']])('refuses a block that is no text: %j', (block) => {
    const check = createBlockChecker();
    const sound = { place: PLACES[0], labelFirst: false } as Case;
    check(itemOf(sound), blockOf(sound));
    expect(outcomeOf(() => check(itemOf(sound), block as unknown as string))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
