import {
  assertUsage,
  type CustomerKeyRecord,
  createCustomerKey,
  type KeyAction,
  KeyblockError,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import vectors from '../../vectors/hierarchy/usage.json' with { type: 'json' };
import { env, PIN_ATTRIBUTES, profileOf, recordOf, refusal, ring } from '../keys/estate.js';

/** What each mode of use is for: X9.143 6.3.3 table 4, and any action where it says N. */
const ACTIONS_OF_MODE: Readonly<Record<string, readonly KeyAction[]>> = {
  B: ['encrypt', 'decrypt', 'wrap', 'unwrap'],
  C: ['generate', 'verify'],
  D: ['decrypt', 'unwrap'],
  E: ['encrypt', 'wrap'],
  G: ['generate'],
  S: ['sign'],
  T: ['sign', 'decrypt'],
  V: ['verify'],
  X: ['derive'],
  Y: ['create-variant'],
};
const ACTIONS = [...new Set(Object.values(ACTIONS_OF_MODE).flat())];

/** What a key of each usage is for, by the first letter: keys that wrap never encrypt. */
const ACTIONS_OF_USAGE: readonly (readonly [RegExp, readonly KeyAction[]])[] = [
  [/^B2$/, ['derive', 'create-variant']],
  [/^B|^E[0-6]$/, ['derive']],
  [/^K3$/, ['wrap', 'unwrap', 'derive']],
  [/^K/, ['wrap', 'unwrap']],
  [/^S2$/, ['sign', 'verify', 'encrypt', 'decrypt']],
  [/^S/, ['sign', 'verify']],
  [/^[CMV]|^P1$/, ['generate', 'verify']],
  [/^[DI]|^E7$|^P0$/, ['encrypt', 'decrypt']],
];

/** In TR-31:2018 base key variant keys derive too; I and J are the HMAC letters of ISO 20038. */
const MORE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  B2: { T: 'NXY' },
  M7: { H: 'CGNV', I: 'CGNV', J: 'CGNV' },
};

const COMBINATIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ...vectors.combinations,
  ...MORE,
};

const USAGES = [...Object.keys(COMBINATIONS), 'A0', 'Z9', 'toString'];
const ALGORITHMS = ['A', 'D', 'E', 'H', 'I', 'J', 'R', 'S', 'T', 'X', ''];
const MODES = ['B', 'C', 'D', 'E', 'G', 'N', 'S', 'T', 'V', 'X', 'Y', 'Z', ''];

describe('assertUsage', () => {
  it('allows what the tables list, and nothing else of all combinations', () => {
    let allowed = 0;
    const wrong: string[] = [];
    const record = recordOf();
    for (const keyUsage of USAGES) {
      for (const algorithm of ALGORITHMS) {
        for (const modeOfUse of MODES) {
          const attributes = { ...record.attributes, keyUsage, algorithm, modeOfUse };
          for (const action of ACTIONS) {
            const expected = isAllowed(keyUsage, algorithm, modeOfUse, action);
            if (allows({ ...record, attributes }, action, keyUsage) !== expected) {
              wrong.push(`${keyUsage} ${algorithm} ${modeOfUse} ${action}`);
            }
            if (expected) allowed++;
          }
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(allowed).toBeGreaterThan(400);
  });

  it('makes no key of a usage that nobody knows', () => {
    const attributes = { ...PIN_ATTRIBUTES, keyUsage: 'Z9' };
    const options = { env, profile: profileOf(), ring, keyId: 'z', owner: 'shop', attributes };
    expect(() => createCustomerKey(options)).toThrow(
      expect.objectContaining(refusal('USAGE_NOT_ALLOWED', 'keyUsage')),
    );
  });

  it('needs the usage that the operation is for', () => {
    const record = recordOf();
    expect(() =>
      assertUsage({ env, record, operation: { action: 'encrypt', keyUsage: 'D0' } }),
    ).toThrow(expect.objectContaining(refusal('USAGE_NOT_ALLOWED', 'keyUsage')));
  });

  it.each([
    [{ state: 'create-complete', enabled: false }],
    [{ state: 'create-in-progress', enabled: true }],
    [{ state: 'create-failed', enabled: true }],
    [{ state: 'delete-pending', enabled: true }],
    [{ state: 'delete-complete', enabled: true }],
    [{ state: 'create-complete', enabled: true, usageStart: '2027-01-01T00:00:00.001Z' }],
    [{ state: 'create-complete', enabled: true, usageStop: '2027-01-01T00:00:00.000Z' }],
  ] as const)('refuses a key that is %j', (lifecycle) => {
    const record = recordOf({ lifecycle });
    const operation = { action: 'decrypt', keyUsage: 'P0' } as const;
    expect(() => assertUsage({ env, record, operation })).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT')),
    );
  });

  it('takes a key within its time', () => {
    const usageStart = '2027-01-01T00:00:00.000Z';
    const usageStop = '2027-01-01T00:00:00.001Z';
    const record = recordOf({
      lifecycle: { state: 'create-complete', enabled: true, usageStart, usageStop },
    });
    const operation = { action: 'decrypt', keyUsage: 'P0' } as const;
    expect(() => assertUsage({ env, record, operation })).not.toThrow();
  });

  it.each([
    [undefined],
    [{ keyUsage: 'P0' }],
    [{ action: 'print', keyUsage: 'P0' }],
    [{ action: 'toString', keyUsage: 'P0' }],
  ])('refuses the operation %j', (operation) => {
    const options = { env, record: recordOf({ attributes: PIN_ATTRIBUTES }), operation } as unknown;
    expect(() => assertUsage(options as Parameters<typeof assertUsage>[0])).toThrow(
      expect.objectContaining(refusal('INVALID_ARGUMENT', 'options')),
    );
  });
});

function isAllowed(usage: string, algorithm: string, mode: string, action: KeyAction): boolean {
  const row = Object.hasOwn(COMBINATIONS, usage) ? COMBINATIONS[usage] : undefined;
  if (algorithm === '' || mode === '' || !row?.[algorithm]?.includes(mode)) return false;
  const ofUsage = ACTIONS_OF_USAGE.find(([pattern]) => pattern.test(usage))?.[1] ?? [];
  const ofMode = mode === 'N' ? ACTIONS : (ACTIONS_OF_MODE[mode] ?? []);
  return ofUsage.includes(action) && ofMode.includes(action);
}

function allows(record: CustomerKeyRecord, action: KeyAction, keyUsage: string): boolean {
  try {
    assertUsage({ env, record, operation: { action, keyUsage } });
    return true;
  } catch (error) {
    if (error instanceof KeyblockError && error.code === 'USAGE_NOT_ALLOWED') return false;
    throw error;
  }
}
