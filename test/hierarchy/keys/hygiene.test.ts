// Invariant I12, and options that nobody gave: no clear key in what the calls return or throw, and
// nothing from `Object.prototype`.

import { generateKey, SecretKey } from 'keyblock';
import * as hierarchy from 'keyblock/hierarchy';
import { afterEach, describe, expect, it } from 'vitest';
import { channels, Haystack, secretBytes } from '../../security/hygiene.js';
import { bytesOf } from '../../security/matrix.js';
import {
  aes,
  env,
  PIN_ATTRIBUTES,
  profileOf,
  recordOf,
  refusal,
  region,
  regionRef,
  regionRing,
  ring,
} from './estate.js';

const random = bytesOf(4711);
const drawn: Uint8Array[] = [];

/** A generator that remembers what it gave: padding and keys alike. */
const world = {
  ...env,
  randomBytes(length: number): Uint8Array {
    const bytes = random(length);
    drawn.push(new Uint8Array(bytes));
    return bytes;
  },
};

const regionBytes = random(32);
const keyBytes = random(32);
const kekBytes = random(32);
const regionKey = new SecretKey({ algorithm: 'AES', bytes: regionBytes });
const key = new SecretKey({ algorithm: 'AES', bytes: keyBytes });
const kek = new SecretKey({ algorithm: 'AES', bytes: kekBytes });

const kcv = { method: 'cmac', value: regionKey.kcv() } as const;
const ofThisKey = { ...region, versions: region.versions.map((each) => ({ ...each, kcv })) };
const withRegion = hierarchy.createKeyRing({ keys: [{ ref: regionRef, key: regionKey }] });
const { record: profile, ...createdProfile } = hierarchy.createProfile({
  env: world,
  region: ofThisKey,
  ring: withRegion,
  profileId: 'shop',
  config: {},
});
const profileKey = hierarchy.openProfile({ profile, ring: withRegion });
const ref = { keyId: 'eu-central-1/shop', version: 1 };
const withProfile = hierarchy.createKeyRing({ keys: [{ ref, key: profileKey }] });

const attributes = { ...PIN_ATTRIBUTES, keyBits: 256, keyUsage: 'B0', modeOfUse: 'X' };
const estate = { env: world, profile, ring: withProfile };
const made = hierarchy.createCustomerKey({ ...estate, keyId: 'k', owner: 'a', key, attributes });
const { record } = made;
const exported = hierarchy.exportCustomerKey({ ...estate, record, kek });
const block = record.slots[0]?.block ?? '';

/** Calls of every function of this part, that succeed and that fail. */
const CALLS: Readonly<Record<string, () => unknown>> = {
  ring: () => [
    JSON.stringify([withRegion, withProfile]),
    ...Object.values(withRegion).map(String),
    withProfile.secret(ref),
  ],
  createProfile: () => [profile, createdProfile],
  openProfile: () => hierarchy.openProfile({ profile, ring: withRegion }),
  'openProfile of another region': () => hierarchy.openProfile({ profile, ring: regionRing }),
  'openProfile of another profile': () =>
    hierarchy.openProfile({ profile: { ...profile, profileId: 'x' }, ring: withRegion }),
  createCustomerKey: () => made,
  'createCustomerKey, generated': () =>
    hierarchy.createCustomerKey({ ...estate, keyId: 'g', owner: 'a', attributes }),
  'createCustomerKey, refused': () =>
    hierarchy.createCustomerKey({
      ...estate,
      keyId: 'k',
      owner: 'a',
      key,
      attributes: PIN_ATTRIBUTES,
    }),
  openCustomerKey: () => hierarchy.openCustomerKey({ ...estate, record }),
  'openCustomerKey of another row': () =>
    hierarchy.openCustomerKey({ ...estate, record: { ...record, keyId: 'x' } }),
  'openCustomerKey with another check value': () =>
    hierarchy.openCustomerKey({
      ...estate,
      record: { ...record, kcv: { method: 'cmac', value: '' } },
    }),
  exportCustomerKey: () => exported,
  'exportCustomerKey, refused': () =>
    hierarchy.exportCustomerKey({ ...estate, record, kek: aes(1, 16) }),
  importCustomerKey: () =>
    hierarchy.importCustomerKey({ ...estate, ...exported, kek, keyId: 'i', owner: 'a' }),
  'importCustomerKey, refused': () =>
    hierarchy.importCustomerKey({
      ...estate,
      keyBlock: block,
      kek: profileKey,
      keyId: 'i',
      owner: 'a',
    }),
  deriveInitialKey: () =>
    hierarchy.deriveInitialKey({ ...estate, record, kek, keySerialNumber: '00'.repeat(12) }),
  'deriveInitialKey, refused': () =>
    hierarchy.deriveInitialKey({
      ...estate,
      record,
      kek: aes(1, 16),
      keySerialNumber: '00'.repeat(12),
    }),
  rewrapBlock: () =>
    hierarchy.rewrapBlock({ env: world, block, from: profileKey, to: kek, under: ref }),
  'rewrapBlock, refused': () =>
    hierarchy.rewrapBlock({ env: world, block, from: kek, to: profileKey, under: ref }),
  changeConfig: () =>
    hierarchy.changeConfig({
      ...estate,
      region: ofThisKey,
      records: [record],
      config: 1,
      ring: withRegion,
    }),
  assertProtects: () => hierarchy.assertProtects({ wrapping: aes(1, 16), wrapped: key }),
  assertUsage: () =>
    hierarchy.assertUsage({ env, record, operation: { action: 'encrypt', keyUsage: 'P0' } }),
  lifecycle: () => hierarchy.lifecycle.scheduleDeletion({ env, record }),
  tags: () => hierarchy.tags.evaluate({ record, rules: [] }),
  sharing: () => hierarchy.sharing.check({ records: [record] }),
};

describe('the clear bytes of all keys', () => {
  it('are in nothing that the calls return or throw', () => {
    const haystack = new Haystack();
    for (const run of Object.values(CALLS)) {
      const value = outcome(run);
      haystack.add(...channels(value), ...(value instanceof Error ? [value.stack ?? ''] : []));
    }
    const secrets = [
      secretBytes('region key', regionBytes),
      secretBytes('profile key', profileKey.expose()),
      secretBytes('customer key', keyBytes),
      secretBytes('KEK', kekBytes),
      ...drawn
        .map((bytes, i) => secretBytes(`drawn ${i}`, bytes))
        .filter((_, i) => (drawn[i]?.length ?? 0) >= 16),
    ];
    expect(haystack.size).toBeGreaterThan(100);
    expect(haystack.find(secrets)).toEqual([]);
  });

  it('would be found', () => {
    const haystack = new Haystack();
    haystack.add(...channels({ profile, bytes: [...keyBytes] }));
    expect(haystack.find([secretBytes('customer key', keyBytes)])).toHaveLength(1);
  });
});

function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(hierarchy.KeyblockError);
    return error;
  }
}

describe('Object.prototype', () => {
  const polluted: string[] = [];
  const prototype = Object.prototype as Record<string, unknown>;

  function pollute(values: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(values)) {
      polluted.push(name);
      Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
    }
  }

  afterEach(() => {
    for (const name of polluted.splice(0)) delete prototype[name];
  });

  it('supplies no option', () => {
    const attributesOf = { ...PIN_ATTRIBUTES };
    const given = { env, profile: profileOf(), ring, keyId: 'k', owner: 'acme' };
    pollute({
      key: generateKey({ algorithm: 'AES', lengthBits: 128 }),
      enabled: false,
      pedigree: 3,
      tags: { a: 'b' },
      sharing: { parties: ['x'], purpose: 'y' },
      derivedFrom: 'other',
      optionalBlocks: [{ id: 'LB', data: 'polluted' }],
      version: 7,
    });
    const { record: stored } = hierarchy.createCustomerKey({ ...given, attributes: attributesOf });
    expect(stored).toMatchObject({ origin: 'generated', lifecycle: { enabled: true }, tags: {} });
    expect(Object.hasOwn(stored, 'sharing')).toBe(false);
    expect(stored.lineage).toMatchObject({ pedigree: 0 });
    const opened = hierarchy.openCustomerKey({ record: stored, profile: profileOf(), ring });
    expect(opened.header.optionalBlocks).toEqual([]);
    expect(hierarchy.openProfile({ profile: profileOf(), ring: regionRing }).lengthBits).toBe(256);
  });

  it('supplies no part of a record', () => {
    const { lifecycle: _, ...rest } = recordOf();
    pollute({ lifecycle: { state: 'create-complete', enabled: true } });
    const bare = rest as hierarchy.CustomerKeyRecord;
    expect(() => hierarchy.openCustomerKey({ record: bare, profile: profileOf(), ring })).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
    );
  });

  const [slot] = recordOf().slots as [hierarchy.BlockSlot];

  /** What comes of a row: a change of it, and what an impact finds in it. */
  function fate(row: object, recordId: string): unknown {
    const record = row as hierarchy.CustomerKeyRecord & hierarchy.ProfileRecord;
    const put = { op: 'put-slot', expectedRevision: 1, next: slot } as const;
    const write = { ...put, recordId, version: 1 };
    const ref = { keyId: 'eu-central-1/shop', version: 2 };
    // No `expect` in here: that stumbles over what the prototype has.
    return [
      () => hierarchy.applyWrite({ record, write }) ?? 'refused',
      () => hierarchy.rotation.impact({ records: [record], ref }),
    ].map((call) => {
      try {
        return call();
      } catch (error) {
        return error instanceof hierarchy.KeyblockError ? 'refused' : error;
      }
    });
  }

  /** A value without one of its parts, wherever, and the part: all of them. */
  function* partsOf(
    value: unknown,
  ): Generator<readonly [name: string, part: unknown, rest: unknown]> {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, part] of Object.entries(value)) {
      for (const [inner, lost, rest] of partsOf(part)) {
        const copy: unknown = structuredClone(value);
        yield [inner, lost, Object.assign(copy as object, { [name]: rest })];
      }
      if (Array.isArray(value)) continue;
      const { [name]: lost, ...rest } = value as Record<string, unknown>;
      yield [name, lost, rest];
    }
  }

  const TIME = '2027-06-01T00:00:00.000Z';
  const times = { usageStart: TIME, usageStop: TIME, deleteAfter: TIME };
  const customer = {
    ...recordOf({ lifecycle: { state: 'delete-pending', enabled: false, ...times } }),
    lineage: { wrappedHistory: [slot.under], pedigree: 1 as const },
  };

  it.each([
    ['customer key', customer],
    ['profile', profileOf()],
  ])('supplies no part of a %s, whichever it lacks', (_, record) => {
    const recordId = hierarchy.recordId(record);
    for (const [name, part, rest] of [...partsOf(record)]) {
      const before = fate(rest as object, recordId);
      for (const value of [part, 'of no kind']) {
        pollute({ [name]: value });
        const after = fate(rest as object, recordId);
        for (const polluting of polluted.splice(0)) delete prototype[polluting];
        expect(after, name).toEqual(before);
      }
    }
  });

  it('switches no key on, and supplies no consent', () => {
    const off = recordOf({ lifecycle: { state: 'delete-pending', enabled: false } });
    pollute({
      usageStart: '2000-01-01T00:00:00.000Z',
      deleteAfter: '2000-01-01T00:00:00.000Z',
      policy: { count: 0 },
      count: 1,
      withinSeconds: 1e9,
      exportability: 'E',
      header: { exportability: 'S' },
    });
    expect(() => hierarchy.lifecycle.purge({ env, record: off })).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
    );
    expect(() => hierarchy.approvals.require({ env, operation: 1, approvals: [] })).toThrow(
      expect.objectContaining(refusal('APPROVAL_REQUIRED', 'approvals')),
    );
    const locked = recordOf({ attributes: { ...PIN_ATTRIBUTES, exportability: 'N' } });
    const options = { env, record: locked, profile: profileOf(), ring, kek };
    expect(() => hierarchy.exportCustomerKey(options)).toThrow(
      expect.objectContaining(refusal('EXPORT_NOT_ALLOWED', 'exportability')),
    );
  });
});
