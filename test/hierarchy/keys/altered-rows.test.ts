// Whoever writes to the store, and has none of the keys: rows swapped, moved, replayed, rolled back
// and altered. Invariants I9 and I10.

import fc from 'fast-check';
import { generateKey, SecretKey, wrapKey } from 'keyblock';
import {
  applyWrite,
  assertUsage,
  type CustomerKeyRecord,
  createCustomerKey,
  createKeyRing,
  importCustomerKey,
  openCustomerKey,
  openProfile,
  type ProfileRecord,
  rotation,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import {
  aes,
  CONFIG_DIGEST,
  customerPlace,
  env,
  PIN_ATTRIBUTES,
  PIN_KEY,
  PROFILE_ATTRIBUTES,
  PROFILE_KEYS,
  profileOf,
  profilePlace,
  profileRef,
  REGION_KEY,
  recordOf,
  refusal,
  region,
  regionRef,
  regionRing,
  ring,
  slot,
} from './estate.js';

const profile = profileOf();

function withBlock(record: CustomerKeyRecord, block: string): CustomerKeyRecord {
  const [only] = record.slots;
  return { ...record, slots: [{ ...only, block }] } as CustomerKeyRecord; // there is one
}

function blockOf(record: CustomerKeyRecord): string {
  return record.slots[0]?.block ?? '';
}

function expectRefusal(record: CustomerKeyRecord, code: string, field?: string): void {
  expect(() => openCustomerKey({ record, profile, ring })).toThrow(
    expect.objectContaining(refusal(code, field)),
  );
}

describe('the row of a customer key', () => {
  const a = recordOf({ keyId: 'pek-a' });
  const b = recordOf({ keyId: 'pek-b' });

  it('does not open with the block of another row', () => {
    expectRefusal(withBlock(a, blockOf(b)), 'CONTEXT_MISMATCH', 'place');
    expectRefusal(withBlock(b, blockOf(a)), 'CONTEXT_MISMATCH', 'place');
  });

  it('does not open with the slots of another row, whatever else is taken along', () => {
    expectRefusal({ ...b, keyId: 'pek-a' }, 'CONTEXT_MISMATCH', 'place');
  });

  it('does not open under the ID of another row, where that is said', () => {
    const expected = expect.objectContaining(refusal('CONTEXT_MISMATCH', 'keyId'));
    const keyId = 'pek-b';
    expect(() => openCustomerKey({ record: a, keyId, profile, ring })).toThrow(expected);
    const operation = { action: 'encrypt', keyUsage: 'P0' } as const;
    expect(() => assertUsage({ record: a, keyId, operation, env })).toThrow(expected);
    expect(openCustomerKey({ record: b, keyId, profile, ring }).staleBlock).toBe(false);
    assertUsage({ record: b, keyId, operation, env });
  });

  it('has to be given', () => {
    const expected = (field: string) => expect.objectContaining(refusal('INVALID_ARGUMENT', field));
    const none = {} as Parameters<typeof openCustomerKey>[0];
    expect(() => openCustomerKey(none)).toThrow(expected('record'));
    expect(() => openCustomerKey({ ...none, record: a })).toThrow(expected('profile'));
    const nothing = {} as Parameters<typeof createCustomerKey>[0];
    expect(() => createCustomerKey(nothing)).toThrow(expected('env'));
    expect(() => createCustomerKey({ ...nothing, env })).toThrow(expected('profile'));
  });

  it.each([null, {}, { wrappedHistory: [null] }])(
    'takes no write when its lineage is %j',
    (lineage) => {
      const record = { ...a, lineage } as unknown as CustomerKeyRecord;
      const [next] = recordOf({ under: [2] }).slots;
      if (next === undefined) throw new Error('no block');
      const write = { op: 'put-slot', recordId: 'pek-a', expectedRevision: 1, next } as const;
      expect(() => applyWrite({ record, write })).toThrow(
        expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
      );
    },
  );

  it('does not open in another profile of the same main key, nor in another region', () => {
    const moved = { ...a, profileId: 'other' };
    const other = { ...profileOf(['active'], 'other') };
    const slots = a.slots.map((only) => ({ ...only, under: profileRef(1, 'other') }));
    const both = createKeyRing({ keys: [{ ref: profileRef(1, 'other'), key: PROFILE_KEYS[1] }] });
    expect(() => openCustomerKey({ record: a, profile: other, ring })).toThrow(
      expect.objectContaining(refusal('CONTEXT_MISMATCH', 'record')),
    );
    expect(() => openCustomerKey({ record: moved, profile: other, ring })).toThrow(
      expect.objectContaining(refusal('CONTEXT_MISMATCH', 'slot')),
    );
    expect(() =>
      openCustomerKey({ record: { ...moved, slots }, profile: other, ring: both }),
    ).toThrow(expect.objectContaining(refusal('CONTEXT_MISMATCH', 'place')));
  });

  it('does not open under another configuration', () => {
    const configDigest = CONFIG_DIGEST.replace(/^./, 'f');
    const options = { record: a, profile: { ...profile, configDigest }, ring };
    expect(() => openCustomerKey(options)).toThrow(
      expect.objectContaining(refusal('CONTEXT_MISMATCH', 'place')),
    );
  });

  it('does not open when it was rolled back to a version that was left behind', () => {
    const later = profileOf(['retired', 'active']);
    expect(() => openCustomerKey({ record: a, profile: later, ring })).toThrow(
      expect.objectContaining(refusal('STALE_VERSION', 'slot')),
    );
    // Nor when it says of the old block that it is under the new key.
    const slots = a.slots.map((only) => ({ ...only, under: profileRef(2) }));
    expect(() => openCustomerKey({ record: { ...a, slots }, profile: later, ring })).toThrow(
      expect.objectContaining(refusal('AUTHENTICATION_FAILED')),
    );
  });

  it('does not open with a profile that was rolled back', () => {
    const record = recordOf({ under: [2] });
    expectRefusal(record, 'UNKNOWN_KEY_VERSION', 'slot');
  });

  it.each([
    ['keyUsage', 'D0'],
    ['algorithm', 'T'],
    ['modeOfUse', 'N'],
    ['exportability', 'S'],
    ['keyVersionNumber', '01'],
    ['keyBits', 256],
  ])('does not open when %s was altered', (name, value) => {
    const attributes = { ...a.attributes, [name]: value };
    expectRefusal({ ...a, attributes }, 'CONTEXT_MISMATCH', 'attributes');
  });

  it('does not open with another check value', () => {
    expectRefusal({ ...a, kcv: { method: 'cmac', value: '0000000000' } }, 'KCV_MISMATCH', 'kcv');
    expectRefusal({ ...a, kcv: { method: 'legacy', value: 'BE7ED6' } }, 'KCV_MISMATCH', 'kcv');
  });

  it('does not open when a character of the block was altered', () => {
    const block = blockOf(a);
    const anyPlace = fc.integer({ min: 0, max: block.length - 1 });
    const anyDigit = fc.constantFrom(...'0123456789ABCDEF');
    fc.assert(
      fc.property(anyPlace, anyDigit, (at, digit) => {
        fc.pre(block[at] !== digit);
        const altered = block.slice(0, at) + digit + block.slice(at + 1);
        expect(() => openCustomerKey({ record: withBlock(a, altered), profile, ring })).toThrow(
          expect.objectContaining({ name: 'KeyblockError' }),
        );
      }),
    );
    const mac = block.length - 1;
    const altered = block.slice(0, mac) + (block[mac] === '0' ? '1' : '0');
    expectRefusal(withBlock(a, altered), 'AUTHENTICATION_FAILED');
  });

  it('opens with no block of any other row', () => {
    const ids = fc.uniqueArray(fc.stringMatching(/^[a-z0-9/:]{1,12}$/), {
      minLength: 2,
      maxLength: 2,
    });
    fc.assert(
      fc.property(ids, ([first = '', second = '']) => {
        const one = recordOf({ keyId: first });
        expectRefusal(withBlock(one, blockOf(recordOf({ keyId: second }))), 'CONTEXT_MISMATCH');
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['no record', null],
    ['no object', 'row'],
    ['another kind', { ...a, kind: 'profile' }],
    ['a later schema', { ...a, schema: 2 }],
    ['no revision', { ...a, revision: '1' }],
    ['no slots', { ...a, slots: undefined }],
    ['a slot that is none', { ...a, slots: [null] }],
    ['a block that is none', { ...a, slots: [{ ...a.slots[0], block: 7 }] }],
    ['an unknown state', { ...a, lifecycle: { state: 'alive', enabled: true } }],
    ['no life cycle', { ...a, lifecycle: undefined }],
    ['a switch that is none', { ...a, lifecycle: { state: 'create-complete', enabled: 'yes' } }],
    ['a time that is none', { ...a, lifecycle: { ...a.lifecycle, usageStop: 'tomorrow' } }],
    ['no attributes', { ...a, attributes: undefined }],
    ['no block', { ...a, slots: [] }],
  ])('does not open when it is %s', (_, record) => {
    expectRefusal(record as CustomerKeyRecord, 'STATE_CONFLICT', 'record');
  });
});

describe('the row of a profile', () => {
  function expectProfileRefusal(row: ProfileRecord, code: string, field?: string): void {
    expect(() => openProfile({ profile: row, ring: regionRing })).toThrow(
      expect.objectContaining(refusal(code, field)),
    );
  }

  /** The profile with this block for its first version. */
  function withSlot(only: unknown): ProfileRecord {
    const versions = profile.versions.map((version) => ({ ...version, slots: [only] }));
    return { ...profile, versions } as unknown as ProfileRecord;
  }

  it('does not open with the block of another profile', () => {
    expectProfileRefusal({ ...profile, profileId: 'other' }, 'CONTEXT_MISMATCH', 'place');
    const other = profileOf(['active'], 'other').versions[0]?.slots[0];
    expectProfileRefusal(withSlot(other), 'CONTEXT_MISMATCH', 'place');
  });

  it('does not open in another region', () => {
    expectProfileRefusal({ ...profile, regionId: 'us-east-1' }, 'CONTEXT_MISMATCH', 'slot');
    const under = { keyId: 'us-east-1', version: 1 };
    const foreign = createKeyRing({ keys: [{ ref: under, key: aes(0x81) }] });
    const slots = profile.versions[0]?.slots.map((only) => ({ ...only, under }));
    const versions = profile.versions.map((version) => ({ ...version, slots: slots ?? [] }));
    const moved = { ...profile, regionId: 'us-east-1', versions };
    expect(() => openProfile({ profile: moved, ring: foreign })).toThrow(
      expect.objectContaining(refusal('AUTHENTICATION_FAILED')),
    );
    // Two regions of one main key are a mistake; the place keeps them apart all the same.
    const same = createKeyRing({ keys: [{ ref: under, key: REGION_KEY }] });
    expect(() => openProfile({ profile: moved, ring: same })).toThrow(
      expect.objectContaining(refusal('CONTEXT_MISMATCH', 'place')),
    );
  });

  it('does not open with another configuration', () => {
    const config = { purpose: 'issuing' };
    expectProfileRefusal({ ...profile, config }, 'CONTEXT_MISMATCH', 'config');
    // SHA-256 of {"purpose":"issuing"}, by sha256sum.
    const configDigest = '3680901bde11f4f16aa1e7d4bbc9a68b972ff4e9360df0d72527939208019163';
    expectProfileRefusal({ ...profile, config, configDigest }, 'CONTEXT_MISMATCH', 'place');
  });

  it('takes no new key, and no new version, while its configuration is not that of its digest', () => {
    const altered = { ...profile, config: { purpose: 'issuing' } };
    const expected = expect.objectContaining(refusal('CONTEXT_MISMATCH', 'config'));
    const key = { keyId: 'pek-9', owner: 'acme', attributes: PIN_ATTRIBUTES };
    expect(() => createCustomerKey({ env, profile: altered, ring, ...key })).toThrow(expected);
    const options = { env, mainKey: altered, region, ring: regionRing };
    expect(() => rotation.plan(options)).toThrow(expected);
  });

  it('does not open with a customer key in the place of its main key', () => {
    const place = customerPlace('k');
    const block = { kbpk: REGION_KEY, under: regionRef, key: aes(0x21), place };
    const stored = slot({ ...block, attributes: PROFILE_ATTRIBUTES });
    expectProfileRefusal(withSlot(stored), 'CONTEXT_MISMATCH', 'place');
  });

  it('does not open with the block and the check value of another version', () => {
    const row = profileOf(['retiring', 'active']);
    const [first, second] = row.versions;
    const copied = { ...second, slots: first?.slots, kcv: first?.kcv };
    const versions = [first, copied] as ProfileRecord['versions']; // both are there
    expectProfileRefusal({ ...row, versions }, 'CONTEXT_MISMATCH', 'place');
    expectProfileRefusal(withSlot(second?.slots[0]), 'CONTEXT_MISMATCH', 'place');
  });

  it('does not open with another check value', () => {
    const place = profilePlace(1);
    const block = { kbpk: REGION_KEY, under: regionRef, key: PROFILE_KEYS[2], place };
    const stored = slot({ ...block, attributes: PROFILE_ATTRIBUTES });
    expectProfileRefusal(withSlot(stored), 'KCV_MISMATCH', 'kcv');
  });

  it.each([
    ['two active versions', { versions: profileOf(['active', 'active']).versions }],
    ['two pending versions', { versions: profileOf(['pending', 'pending']).versions }],
    [
      'versions that do not grow',
      { versions: [...profileOf(['retired', 'active']).versions].reverse() },
    ],
    ['no versions', { versions: undefined }],
    ['a version that is none', { versions: [null] }],
    ['no check value', { versions: [{ ...profile.versions[0], kcv: undefined }] }],
    ['a state of no version', { versions: [{ ...profile.versions[0], state: 'new' }] }],
    ['another kind', { kind: 'customer-key' }],
  ])('does not open when it has %s', (_, change) => {
    expectProfileRefusal({ ...profile, ...change } as ProfileRecord, 'STATE_CONFLICT', 'record');
  });
});

describe('a block for exchange', () => {
  const exchange = {
    versionId: 'D',
    keyUsage: 'P0',
    algorithm: 'A',
    modeOfUse: 'B',
    exportability: 'E',
  } as const;

  it.each(['0', '2'] as const)('is refused as storage: key context %s', (keyContext) => {
    const block = { kbpk: PROFILE_KEYS[1], under: profileRef(1), key: PIN_KEY };
    const place = customerPlace('pek-1');
    const stored = slot({ ...block, attributes: PIN_ATTRIBUTES, place, keyContext });
    expectRefusal({ ...recordOf(), slots: [stored] }, 'CONTEXT_MISMATCH', 'keyContext');
  });

  it('is refused as storage when it does not say where it belongs', () => {
    const block = { kbpk: PROFILE_KEYS[1], under: profileRef(1), key: PIN_KEY };
    const stored = slot({ ...block, attributes: PIN_ATTRIBUTES, place: undefined });
    expectRefusal({ ...recordOf(), slots: [stored] }, 'CONTEXT_MISMATCH', 'place');
  });

  it('is what an import takes: a block for storage is refused', () => {
    const kek = generateKey({ algorithm: 'AES', lengthBits: 256 });
    const options = { env, profile, ring, kek, keyId: 'pek-9', owner: 'acme' };
    const wrap = (keyContext: '0' | '1' | '2') =>
      wrapKey({ kbpk: kek, key: PIN_KEY, header: { ...exchange, keyContext } });
    expect(() => importCustomerKey({ ...options, keyBlock: wrap('1') })).toThrow(
      expect.objectContaining(refusal('CONTEXT_MISMATCH', 'keyContext')),
    );
    for (const keyContext of ['0', '2'] as const) {
      const { record } = importCustomerKey({ ...options, keyBlock: wrap(keyContext) });
      const { key } = openCustomerKey({ record, profile, ring });
      expect(key.expose()).toEqual(PIN_KEY.expose());
    }
  });

  it('is refused as an import under the main key of a profile, since it is stored there', () => {
    const kek = new SecretKey({ algorithm: 'AES', bytes: PROFILE_KEYS[1].expose() });
    const options = { env, profile, ring, kek, keyId: 'pek-9', owner: 'acme' };
    expect(() => importCustomerKey({ ...options, keyBlock: blockOf(recordOf()) })).toThrow(
      expect.objectContaining(refusal('CONTEXT_MISMATCH', 'keyContext')),
    );
  });
});
