// Records, jobs and ledgers of which a part was lost, or is another on their way: a code, and never
// a `TypeError`.

import { KeyblockError } from 'keyblock';
import { exportCustomerKey, replication } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { aes, profileOf, recordOf, ring } from './estate.js';
import { CALLS } from './public-calls.js';

/** What may stand in the place of a part: each of another type, or out of all range. */
const OTHERS = [null, 1e300, 'constructor', true, [], [null], {}];

/** A value without one of its parts, or with another thing in its place: all such values. */
function* spoilt(value: unknown): Generator<unknown> {
  yield* OTHERS;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    for (const other of spoilt(part)) {
      const copy = structuredClone(value) as Record<string, unknown>;
      yield Object.assign(copy, { [name]: other });
    }
    if (Array.isArray(value)) continue;
    const { [name]: _, ...rest } = value as Record<string, unknown>;
    yield rest;
  }
}

/** What comes of a call, where it comes to anything. */
function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (error instanceof KeyblockError) return undefined;
    throw error;
  }
}

describe('what lost a part on its way', () => {
  it.each(CALLS)('is refused with a code, or does no harm: %s', (_, call, options) => {
    const whole: object = JSON.parse(JSON.stringify(options));
    expect(() => call(structuredClone(whole) as never)).not.toThrow();
    const others = new Set<string>();
    let refusals = 0;
    for (const changed of spoilt(whole)) {
      if (typeof changed !== 'object' || changed === null) continue;
      try {
        call(changed as never);
      } catch (error) {
        if (error instanceof KeyblockError) refusals++;
        else others.add(String(error));
      }
    }
    expect([...others]).toEqual([]);
    expect(refusals).toBeGreaterThan(0);
  });

  it.each(CALLS.filter(([, , options]) => 'ledger' in options))(
    'leaves a ledger that can be read: %s',
    (_, call, options) => {
      const { ledger, ...others } = JSON.parse(JSON.stringify(options));
      for (const changed of spoilt(others)) {
        const step = attempt(() => call({ ledger, ...(changed as object) } as never));
        if (typeof step !== 'object' || step === null || !('ledger' in step)) continue;
        const after = JSON.parse(JSON.stringify(step.ledger));
        expect(() => replication.status({ ledger: after })).not.toThrow();
        expect(() => replication.pendingCommands({ ledger: after })).not.toThrow();
      }
    },
  );

  it('is refused where the time is missing', () => {
    const options = { record: recordOf(), profile: profileOf(), ring, kek: aes(0x90) };
    expect(() => exportCustomerKey(options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'env' }),
    );
  });
});
