import fc from 'fast-check';
import { fromHex, parseKeyBlock, SecretKey, unwrapKey } from 'keyblock';
import {
  createCustomerKey,
  createProfile,
  openCustomerKey,
  openProfile,
  type ProfileRecord,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import {
  aes,
  bytes,
  CONFIG,
  CONFIG_DIGEST,
  customerPlace,
  env,
  PIN_ATTRIBUTES,
  PIN_KCV,
  PIN_KEY,
  PROFILE_KEYS,
  profileOf,
  profileRef,
  REGION_KEY,
  recordOf,
  refusal,
  region,
  regionRing,
  ring,
} from './estate.js';

describe('openProfile', () => {
  it.each([1, 2, 3] as const)('opens version %i', (version) => {
    const profile = profileOf(['retiring', 'active', 'pending']);
    const key = openProfile({ profile, ring: regionRing, version });
    expect(key.expose()).toEqual(PROFILE_KEYS[version].expose());
  });

  it('opens the active version unless told otherwise', () => {
    const key = openProfile({ profile: profileOf(['retiring', 'active']), ring: regionRing });
    expect(key.expose()).toEqual(PROFILE_KEYS[2].expose());
  });

  it.each(['retired', 'destroyed'] as const)('refuses a version that is %s', (state) => {
    const profile = profileOf([state, 'active']);
    expect(() => openProfile({ profile, ring: regionRing, version: 1 })).toThrow(
      expect.objectContaining(refusal('STALE_VERSION', 'record')),
    );
  });

  it('refuses a version that the record does not have, and a ring without the region', () => {
    const profile = profileOf();
    expect(() => openProfile({ profile, ring: regionRing, version: 2 })).toThrow(
      expect.objectContaining(refusal('UNKNOWN_KEY_VERSION', 'record')),
    );
    expect(() => openProfile({ profile, ring })).toThrow(
      expect.objectContaining(refusal('UNKNOWN_KEY_VERSION', 'ring')),
    );
  });

  it('refuses a profile that is suspended', () => {
    const profile: ProfileRecord = { ...profileOf(), state: 'suspended' };
    expect(() => openProfile({ profile, ring: regionRing })).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
    );
  });
});

describe('createProfile', () => {
  const drawn = fromHex('9F3A51C7E20B6D84F5179ACE3B60D2487C1EA9530FB8642D71E6C59380AB4FD2');

  it('seals the main key for storage, bound to region, profile and configuration', () => {
    const { record, writes } = createProfile({
      env: { ...env, randomBytes: (length) => drawn.subarray(0, length) },
      region,
      ring: regionRing,
      profileId: 'shop',
      config: CONFIG,
    });
    expect(record.configDigest).toBe(CONFIG_DIGEST);
    const [version] = record.versions;
    const { header, key } = unwrapKey({
      kbpk: REGION_KEY,
      keyBlock: version?.slots[0]?.block ?? '',
    });
    expect(key.expose()).toEqual(drawn);
    expect(header).toEqual({
      versionId: 'D',
      keyUsage: 'K1',
      algorithm: 'A',
      modeOfUse: 'B',
      keyVersionNumber: '00',
      exportability: 'N',
      keyContext: '1',
      optionalBlocks: [
        { id: 'KP', data: `01${REGION_KEY.kcv()}` },
        { id: '77', data: `kb1;p;eu-central-1;shop;${CONFIG_DIGEST.slice(0, 16)};1` },
      ],
    });
    expect(version).toMatchObject({ version: 1, state: 'active', kcv: { value: key.kcv() } });
    expect(writes).toEqual([
      { op: 'put-record', recordId: 'eu-central-1/shop', expectedRevision: 0, next: record },
    ]);
  });

  it.each([
    [{ profileId: 'a/b' }, 'profileId'],
    [{ profileId: 'a;b' }, 'profileId'],
    [{ config: undefined }, 'config'],
    [{ region: undefined }, 'region'],
    [{ config: { at: new Date(0) } }, 'config'],
  ])('refuses %j', (change, field) => {
    const options = { env, region, ring: regionRing, profileId: 'shop', config: CONFIG, ...change };
    expect(() => createProfile(options as Parameters<typeof createProfile>[0])).toThrow(
      expect.objectContaining(refusal('INVALID_ARGUMENT', field)),
    );
  });
});

describe('openCustomerKey', () => {
  it('opens a block that was put together by hand', () => {
    const extra = [{ id: 'LB', data: 'PIN pad 7' }];
    const opened = openCustomerKey({ record: recordOf({ extra }), profile: profileOf(), ring });
    expect(opened.key.expose()).toEqual(PIN_KEY.expose());
    expect(opened.under).toEqual(profileRef(1));
    expect(opened.staleBlock).toBe(false);
    expect(opened.header).toMatchObject({ keyContext: '0', optionalBlocks: extra });
  });

  it.each([
    [['active', 'pending'], [1, 2], 1, false],
    [['active', 'pending'], [1], 1, false],
    [['active', 'pending'], [2], 2, true],
    [['retiring', 'active'], [1, 2], 2, false],
    [['retiring', 'active'], [1], 1, true],
    [['retired', 'active'], [1, 2], 2, false],
    [['retired', 'retiring', 'active'], [2], 2, true],
    [['retired', 'retiring', 'active'], [2, 3], 3, false],
  ] as const)(
    'with versions %j and blocks under %j opens version %i',
    (states, under, version, stale) => {
      const opened = openCustomerKey({
        record: recordOf({ under }),
        profile: profileOf(states),
        ring,
      });
      expect(opened.key.expose()).toEqual(PIN_KEY.expose());
      expect([opened.under.version, opened.staleBlock]).toEqual([version, stale]);
    },
  );

  it.each([
    [['retired', 'active'], [1], 'STALE_VERSION'],
    [['destroyed', 'active'], [1], 'STALE_VERSION'],
    [['active'], [2], 'UNKNOWN_KEY_VERSION'],
    [['retired', 'active'], [1, 3], 'UNKNOWN_KEY_VERSION'],
  ] as const)('with versions %j refuses blocks under %j: %s', (states, under, code) => {
    const options = { record: recordOf({ under }), profile: profileOf(states), ring };
    expect(() => openCustomerKey(options)).toThrow(expect.objectContaining(refusal(code, 'slot')));
  });

  it('refuses a ring that does not have the key yet', () => {
    const options = { record: recordOf(), profile: profileOf(), ring: regionRing };
    expect(() => openCustomerKey(options)).toThrow(
      expect.objectContaining(refusal('UNKNOWN_KEY_VERSION', 'ring')),
    );
  });
});

/** Attributes of every kind of key that is stored. */
const KINDS = [
  [{ ...PIN_ATTRIBUTES, keyBits: 128 }, 'AES'],
  [{ ...PIN_ATTRIBUTES, keyBits: 192 }, 'AES'],
  [{ ...PIN_ATTRIBUTES, keyBits: 256 }, 'AES'],
  [{ ...PIN_ATTRIBUTES, algorithm: 'T', keyBits: 128 }, 'TDES'],
  [{ ...PIN_ATTRIBUTES, algorithm: 'T', keyBits: 192 }, 'TDES'],
  [{ ...PIN_ATTRIBUTES, keyUsage: 'M7', modeOfUse: 'C', algorithm: 'H', keyBits: 256 }, 'HMAC'],
] as const;

describe('createCustomerKey', () => {
  it.each(KINDS)('generates %j', (attributes, algorithm) => {
    const optionalBlocks = algorithm === 'HMAC' ? [{ id: 'HM', data: '21' }] : [];
    const { record, writes, audit } = createCustomerKey({
      env,
      profile: profileOf(),
      ring,
      keyId: 'pek-1',
      owner: 'acme',
      attributes,
      optionalBlocks,
    });
    const [stored] = record.slots;
    const { header, key } = unwrapKey({ kbpk: PROFILE_KEYS[1], keyBlock: stored?.block ?? '' });
    expect([key.algorithm, key.lengthBits, key.kcv()]).toEqual([
      algorithm,
      attributes.keyBits,
      record.kcv.value,
    ]);
    expect(header.keyContext).toBe('1');
    expect(header.optionalBlocks).toEqual([
      { id: 'KP', data: `01${PROFILE_KEYS[1].kcv()}` },
      { id: '77', data: customerPlace('pek-1') },
      ...optionalBlocks,
    ]);
    expect(writes).toEqual([
      { op: 'put-record', recordId: 'pek-1', expectedRevision: 0, next: record },
    ]);
    expect(audit).toMatchObject([{ action: 'customer-key.create', recordId: 'pek-1' }]);
  });

  it('hides the length of every key', () => {
    const lengths = KINDS.map(([attributes, algorithm]) => {
      const optionalBlocks = algorithm === 'HMAC' ? [{ id: 'HM', data: '21' }] : [];
      const options = { env, profile: profileOf(), ring, owner: 'acme', attributes };
      const { record } = createCustomerKey({ ...options, keyId: 'k', optionalBlocks });
      return parseKeyBlock(record.slots[0]?.block ?? '').payload.length;
    });
    // Two bytes of length and 32 of key, in whole blocks of 16: 48 bytes, 96 digits.
    expect(new Set(lengths)).toEqual(new Set([96]));
  });

  it.each([
    [['active'], [1]],
    [
      ['active', 'pending'],
      [1, 2],
    ],
    [['retiring', 'active'], [2]],
    [
      ['retired', 'active', 'pending'],
      [2, 3],
    ],
  ] as const)('with versions %j wraps under %j', (states, versions) => {
    const { record } = createCustomerKey({
      env,
      profile: profileOf(states),
      ring,
      keyId: 'pek-1',
      owner: 'acme',
      attributes: PIN_ATTRIBUTES,
    });
    expect(record.slots.map(({ under }) => under.version)).toEqual(versions);
    expect(record.lineage?.wrappedHistory).toEqual(versions.map((version) => profileRef(version)));
    const keys = record.slots.map(({ block, under }) => {
      const kbpk = PROFILE_KEYS[under.version as 1 | 2 | 3];
      return unwrapKey({ kbpk, keyBlock: block }).key.expose();
    });
    for (const key of keys) expect(key).toEqual(keys[0]);
  });

  it('leaves a compromised main key at once', () => {
    const profile = profileOf(['active', 'pending']);
    const [first, ...others] = profile.versions;
    const compromised = { at: '2026-12-31T00:00:00.000Z' };
    const marked = {
      ...profile,
      versions: [{ ...first, compromised }, ...others],
    } as ProfileRecord;
    const options = { env, ring, keyId: 'pek-1', owner: 'acme', attributes: PIN_ATTRIBUTES };
    const { record } = createCustomerKey({ ...options, profile: marked });
    expect(record.slots.map(({ under }) => under.version)).toEqual([2]);
    const alone = { ...marked, versions: marked.versions.slice(0, 1) };
    expect(() => createCustomerKey({ ...options, profile: alone })).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT')),
    );
  });

  it('wraps nothing after the originator usage period', () => {
    const profile = profileOf();
    const versions = profile.versions.map((version) => ({
      ...version,
      wrapUntil: '2026-12-31T23:59:59.999Z',
    }));
    const options = { env, ring, keyId: 'pek-1', owner: 'acme', attributes: PIN_ATTRIBUTES };
    expect(() => createCustomerKey({ ...options, profile: { ...profile, versions } })).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT')),
    );
  });

  it('opens again as what it was made as', () => {
    const anyKey = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(anyKey, fc.stringMatching(/^[A-Za-z0-9._:/-]{1,64}$/), (clear, keyId) => {
        const key = new SecretKey({ algorithm: 'AES', bytes: clear });
        const profile = profileOf();
        const options = { env, profile, ring, keyId, owner: 'acme', key };
        const { record } = createCustomerKey({ ...options, attributes: PIN_ATTRIBUTES });
        const stored = JSON.parse(JSON.stringify(record));
        expect(openCustomerKey({ record: stored, profile, ring }).key.expose()).toEqual(clear);
      }),
      { numRuns: 50 },
    );
  });

  it('never stores a key under a weaker one: its own key is always AES-256', () => {
    const options = { env, profile: profileOf(), ring, keyId: 'k', owner: 'acme', key: aes(7) };
    const attributes = { ...PIN_ATTRIBUTES, keyBits: 256 };
    const { record } = createCustomerKey({ ...options, attributes });
    expect(record.kcv).toEqual({ method: 'cmac', value: aes(7).kcv() });
  });

  it.each([
    ['another length', { attributes: { ...PIN_ATTRIBUTES, keyBits: 256 } }, 'INVALID_ARGUMENT'],
    [
      'another algorithm',
      { attributes: { ...PIN_ATTRIBUTES, algorithm: 'T' } },
      'INVALID_ARGUMENT',
    ],
    ['an odd couple', { attributes: { ...PIN_ATTRIBUTES, modeOfUse: 'C' } }, 'USAGE_NOT_ALLOWED'],
    [
      'a component',
      { attributes: { ...PIN_ATTRIBUTES, keyVersionNumber: 'c1' } },
      'INVALID_ARGUMENT',
    ],
    ['a second place', { optionalBlocks: [{ id: '77', data: 'x' }] }, 'INVALID_OPTIONAL_BLOCK'],
    ['no owner', { owner: '' }, 'INVALID_ARGUMENT'],
    ['a bad ID', { keyId: 'a;b' }, 'INVALID_ARGUMENT'],
    ['three parties', { sharing: { parties: ['b', 'c'], purpose: 'x' } }, 'INVALID_ARGUMENT'],
    ['bytes', { key: bytes(1, 16) }, 'INVALID_ARGUMENT'],
  ])('refuses %s', (_, change, code) => {
    const options = { env, profile: profileOf(), ring, keyId: 'k', owner: 'acme', key: PIN_KEY };
    const all = { ...options, attributes: PIN_ATTRIBUTES, ...change };
    expect(() => createCustomerKey(all as Parameters<typeof createCustomerKey>[0])).toThrow(
      expect.objectContaining(refusal(code)),
    );
  });

  it.each([
    ['AES by its name', { algorithm: 'AES' }, 'INVALID_HEADER', 'algorithm'],
    ['a mode that there is not', { modeOfUse: 'Z' }, 'INVALID_HEADER', 'modeOfUse'],
    ['a usage that nobody knows', { keyUsage: 'ZZ' }, 'USAGE_NOT_ALLOWED', 'keyUsage'],
    ['a mode that the usage has not', { modeOfUse: 'X' }, 'USAGE_NOT_ALLOWED', 'modeOfUse'],
    ['an algorithm that the usage has not', { algorithm: 'R' }, 'USAGE_NOT_ALLOWED', 'algorithm'],
    ['a key of 100 bits', { keyBits: 100 }, 'INVALID_ARGUMENT', 'attributes'],
    ['an AES key of 64 bits', { keyBits: 64 }, 'INVALID_LENGTH', 'attributes'],
  ])('says of what it does not generate where the mistake is: %s', (_, change, code, field) => {
    const attributes = { ...PIN_ATTRIBUTES, ...change };
    const options = { env, profile: profileOf(), ring, keyId: 'k', owner: 'acme', attributes };
    expect(() => createCustomerKey(options)).toThrow(expect.objectContaining(refusal(code, field)));
  });

  it.each([
    ['mode N', { modeOfUse: 'N' }, 'USAGE_NOT_ALLOWED'],
    ['an initial key', { keyUsage: 'B1', modeOfUse: 'X' }, 'USAGE_NOT_ALLOWED'],
    ['single DES', { keyUsage: 'D0', algorithm: 'D', keyBits: 64 }, 'UNSUPPORTED'],
    ['RSA', { keyUsage: 'K2', algorithm: 'R', keyBits: 2048 }, 'UNSUPPORTED'],
    ['a key of 64 bits', { keyBits: 64 }, 'INVALID_LENGTH'],
  ])('does not generate %s', (_, change, code) => {
    const attributes = { ...PIN_ATTRIBUTES, ...change };
    const options = { env, profile: profileOf(), ring, keyId: 'k', owner: 'acme', attributes };
    expect(() => createCustomerKey(options)).toThrow(expect.objectContaining(refusal(code)));
  });

  it('does not store a TDES key with equal parts', () => {
    const key = new SecretKey({ algorithm: 'TDES', bytes: new Uint8Array(16).fill(0x23) });
    const attributes = { ...PIN_ATTRIBUTES, algorithm: 'T' };
    const options = { env, profile: profileOf(), ring, keyId: 'k', owner: 'acme', key, attributes };
    expect(() => createCustomerKey(options)).toThrow(expect.objectContaining(refusal('WEAK_KEY')));
  });

  it.each(['suspended', 'closing'] as const)('makes no key in a profile that is %s', (state) => {
    const profile: ProfileRecord = { ...profileOf(), state };
    const options = { env, profile, ring, keyId: 'k', owner: 'acme', attributes: PIN_ATTRIBUTES };
    expect(() => createCustomerKey(options)).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT', 'profile')),
    );
  });

  it('keeps what was said about the key', () => {
    const { record } = createCustomerKey({
      env,
      profile: profileOf(),
      ring,
      keyId: 'pek-2',
      owner: 'acme',
      key: PIN_KEY,
      attributes: PIN_ATTRIBUTES,
      tags: { Network: 'PayCard' },
      sharing: { parties: ['paycard'], purpose: 'PIN' },
      derivedFrom: 'pek-1',
      enabled: false,
      pedigree: 2,
    });
    expect(record).toMatchObject({
      kcv: PIN_KCV,
      origin: 'imported',
      tags: { Network: 'PayCard' },
      sharing: { parties: ['paycard'], purpose: 'PIN' },
      lifecycle: { state: 'create-complete', enabled: false },
      lineage: { derivedFrom: 'pek-1', pedigree: 2 },
    });
  });
});
