import fc from 'fast-check';
import { generateKey, parseKeyBlock, SecretKey, unwrapKey, wrapKey } from 'keyblock';
import {
  applyWrite,
  type CustomerKeyRecord,
  changeConfig,
  createCustomerKey,
  createKeyRing,
  openCustomerKey,
  openProfile,
  type ProfileRecord,
  rewrapBlock,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { canonicalJson, sha256Hex } from '../../../src/hierarchy/digest.js';
import {
  aes,
  bytes,
  customerPlace,
  env,
  PIN_ATTRIBUTES,
  PIN_KCV,
  PIN_KEY,
  PROFILE_KEYS,
  profileOf,
  profileRef,
  recordOf,
  refusal,
  region,
  regionRef,
  regionRing,
  ring,
} from './estate.js';

describe('rewrapBlock', () => {
  const extra = [{ id: 'LB', data: 'PIN pad 7' }];
  const block = recordOf({ extra }).slots[0]?.block ?? '';
  const options = { env, block, from: PROFILE_KEYS[1], to: PROFILE_KEYS[2], under: profileRef(2) };

  it('changes the main key and its check value, and nothing else', () => {
    const result = rewrapBlock({ ...options, place: customerPlace('pek-1') });
    const old = unwrapKey({ kbpk: PROFILE_KEYS[1], keyBlock: block });
    const { header, key } = unwrapKey({ kbpk: PROFILE_KEYS[2], keyBlock: result.block });
    expect(key.expose()).toEqual(PIN_KEY.expose());
    expect(header.optionalBlocks).toEqual([
      { id: 'KP', data: `01${PROFILE_KEYS[2].kcv()}` },
      { id: '77', data: customerPlace('pek-1') },
      ...extra,
    ]);
    expect({ ...header, optionalBlocks: [] }).toEqual({ ...old.header, optionalBlocks: [] });
    expect(result.header).toEqual(header);
    expect(result.kcv).toEqual(PIN_KCV);
    expect(result.slot).toEqual({
      under: profileRef(2),
      block: result.block,
      kbpkKcv: { method: 'cmac', value: PROFILE_KEYS[2].kcv() },
      digest: sha256Hex(result.block),
    });
  });

  it('keeps the length of blocks of every mask', () => {
    for (const maskedKeyLength of ['none', 'x9.143', 48, 100] as const) {
      const header = { versionId: 'D', ...PIN_ATTRIBUTES } as const;
      const given = wrapKey({ kbpk: PROFILE_KEYS[1], key: PIN_KEY, header, maskedKeyLength });
      const result = rewrapBlock({ ...options, block: given });
      const { payload } = parseKeyBlock(result.block);
      expect(payload).toHaveLength(parseKeyBlock(given).payload.length);
    }
  });

  it('rotates a key that is not exportable', () => {
    const attributes = { ...PIN_ATTRIBUTES, exportability: 'N' };
    const given = recordOf({ attributes }).slots[0]?.block ?? '';
    expect(rewrapBlock({ ...options, block: given }).header.exportability).toBe('N');
  });

  it.each([
    ['another place', { place: customerPlace('pek-2') }, 'CONTEXT_MISMATCH', 'place'],
    ['another usage', { expect: { header: { keyUsage: 'D0' } } }, 'CONTEXT_MISMATCH', 'attributes'],
    [
      'another check value',
      { expect: { kcv: { method: 'cmac', value: '00' } } },
      'KCV_MISMATCH',
      'kcv',
    ],
    ['the wrong main key', { from: PROFILE_KEYS[3] }, 'AUTHENTICATION_FAILED', undefined],
    ['a main key that is bytes', { to: bytes(1, 32) }, 'INVALID_ARGUMENT', 'to'],
    ['no main key', { from: undefined }, 'INVALID_ARGUMENT', 'from'],
    ['no name', { under: undefined }, 'INVALID_ARGUMENT', 'slot'],
    ['version 0', { under: { keyId: 'x', version: 0 } }, 'INVALID_ARGUMENT', 'slot'],
    ['no block', { block: undefined }, 'INVALID_ARGUMENT', 'keyBlock'],
    ['no world', { env: undefined }, 'INVALID_ARGUMENT', 'env'],
  ])('refuses %s', (_, change, code, field) => {
    const all = { ...options, ...change } as unknown as Parameters<typeof rewrapBlock>[0];
    expect(() => rewrapBlock(all)).toThrow(expect.objectContaining(refusal(code, field)));
  });

  it('takes what is expected and true', () => {
    const header = { keyUsage: 'P0', modeOfUse: 'B' };
    expect(rewrapBlock({ ...options, expect: { header, kcv: PIN_KCV } }).kcv).toEqual(PIN_KCV);
  });
});

describe('createKeyRing', () => {
  it('finds keys by name and version, and makes handles of bytes', () => {
    const key = aes(1);
    const made = createKeyRing({
      keys: [
        { ref: { keyId: 'a', version: 1 }, key },
        { ref: { keyId: 'a', version: 2 }, key: bytes(2, 32) },
      ],
    });
    expect(made.secret({ keyId: 'a', version: 1 })).toBe(key);
    expect(made.secret({ keyId: 'a', version: 2 })?.expose()).toEqual(bytes(2, 32));
    expect(made.secret({ keyId: 'a', version: 3 })).toBeUndefined();
    expect(JSON.stringify(made)).toBe('{}');
  });

  it.each([
    ['a name twice', [1, 2].map(() => ({ ref: regionRef, key: aes(1) })), 'INVALID_ARGUMENT'],
    ['AES-128', [{ ref: regionRef, key: aes(1, 16) }], 'INVALID_LENGTH'],
    [
      'TDES',
      [{ ref: regionRef, key: generateKey({ algorithm: 'TDES', lengthBits: 192 }) }],
      'INVALID_LENGTH',
    ],
    ['no name', [{ key: aes(1) }], 'INVALID_ARGUMENT'],
    ['no list', undefined, 'INVALID_ARGUMENT'],
  ])('refuses %s', (_, keys, code) => {
    const options = { keys } as unknown as Parameters<typeof createKeyRing>[0];
    expect(() => createKeyRing(options)).toThrow(expect.objectContaining(refusal(code)));
  });

  it('is not the only ring: any that answers with handles will do', () => {
    const own = { secret: () => PROFILE_KEYS[1] };
    const options = { record: recordOf(), profile: profileOf() };
    expect(openCustomerKey({ ...options, ring: own }).key.kcv()).toBe(PIN_KCV.value);
    for (const bad of [{}, { secret: 7 }, { secret: () => bytes(1, 32) }] as unknown[]) {
      expect(() => openCustomerKey({ ...options, ring: bad as typeof own })).toThrow(
        expect.objectContaining(refusal('INVALID_ARGUMENT', 'ring')),
      );
    }
  });
});

describe('changeConfig', () => {
  const config = { purpose: 'issuing' };
  const tombstone: CustomerKeyRecord = {
    ...recordOf({ keyId: 'gone' }),
    slots: [],
    lifecycle: { state: 'delete-complete', enabled: false },
  };
  const extra = [{ id: 'LB', data: 'PIN pad 7' }];
  const records = [recordOf({ keyId: 'a', extra }), tombstone, recordOf({ keyId: 'b' })];
  const profile = profileOf(['retired', 'active']);
  const under2 = records.map((record) =>
    record.slots.length === 0 ? record : recordOf({ keyId: record.keyId, under: [2], extra }),
  );
  const options = { env, region, profile, config, ring: regionRing, records: under2, count: 3 };

  it('binds every block of the profile to the new configuration', () => {
    const changed = changeConfig(options);
    expect(changed.writes.map(({ recordId }) => recordId)).toEqual(['eu-central-1/shop', 'a', 'b']);
    const stored = changed.writes.map((write) => {
      const before = [profile, ...under2].find((record) =>
        'keyId' in record ? record.keyId === write.recordId : write.recordId.includes('/'),
      );
      return applyWrite({ record: before, write });
    });
    const next = stored[0] as ProfileRecord;
    expect(next.config).toEqual(config);
    for (const version of [1, 2] as const) {
      const versions = next.versions.map((v) => ({
        ...v,
        state: v.version === version ? 'active' : 'retired',
      }));
      const again = { ...next, versions } as ProfileRecord;
      const key = openProfile({ profile: again, ring: regionRing });
      expect(key.expose()).toEqual(PROFILE_KEYS[version].expose());
    }
    for (const record of stored.slice(1) as CustomerKeyRecord[]) {
      const opened = openCustomerKey({ record, profile: next, ring });
      expect(opened.key.expose()).toEqual(PIN_KEY.expose());
      expect(opened.header.optionalBlocks).toEqual(extra);
      expect(() => openCustomerKey({ record, profile, ring })).toThrow(
        expect.objectContaining(refusal('CONTEXT_MISMATCH', 'place')),
      );
    }
  });

  it.each([
    ['while the profile rotates', { profile: profileOf(['active', 'pending']) }, 'STATE_CONFLICT'],
    ['while there is a job', { profile: { ...profile, jobId: 'j' } }, 'STATE_CONFLICT'],
    ['in another region', { region: { ...region, regionId: 'us-east-1' } }, 'CONTEXT_MISMATCH'],
    ['for no list', { records: 7 }, 'INVALID_ARGUMENT'],
    ['with fewer keys than the store counts', { count: 4 }, 'STATE_CONFLICT'],
    ['with a key twice', { records: [under2[0], under2[1], under2[1]] }, 'STATE_CONFLICT'],
    [
      'with a tombstone of another profile',
      { records: [under2[0], { ...tombstone, profileId: 'other' }, under2[2]] },
      'CONTEXT_MISMATCH',
    ],
    [
      'with a row of another key',
      { records: [{ ...under2[0], keyId: 'c' }], count: 1 },
      'CONTEXT_MISMATCH',
    ],
  ])('does nothing %s', (_, change, code) => {
    const all = { ...options, ...change } as unknown as Parameters<typeof changeConfig>[0];
    expect(() => changeConfig(all)).toThrow(expect.objectContaining(refusal(code)));
  });
});

describe('canonical JSON', () => {
  it.each([
    [{ b: 1, a: [true, null, 'x'] }, '{"a":[true,null,"x"],"b":1}'],
    [
      { '\u20ac': 1, '\r': 2, '1': 3, '\u{1f600}': 4, '\ufb33': 5 },
      '{"\\r":2,"1":3,"\u20ac":1,"\u{1f600}":4,"\ufb33":5}',
    ],
    [{ a: undefined, b: -0 }, '{"b":0}'],
    [1e21, '1e+21'],
    ['"\\', '"\\"\\\\"'],
  ])('of %j is %s (RFC 8785)', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it('is JSON, of one text whatever the order', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it.each([[Number.NaN], [1n], [undefined], [() => 1], [new Map()], [new Uint8Array(1)]])(
    'is not of %s',
    (value) => {
      expect(() => canonicalJson(value)).toThrow(
        expect.objectContaining(refusal('INVALID_ARGUMENT', 'config')),
      );
    },
  );

  it('has the digest of the standard', () => {
    // FIPS 180-4, the example of one block.
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(sha256Hex('abc')).toBe(abc);
  });
});

describe('a key handle that the caller gave', () => {
  it('is still the caller’s after every call', () => {
    const key = new SecretKey({ algorithm: 'AES', bytes: bytes(3, 16) });
    const options = { env, profile: profileOf(), ring, keyId: 'k', owner: 'a', key };
    createCustomerKey({ ...options, attributes: PIN_ATTRIBUTES });
    expect(key.expose()).toEqual(bytes(3, 16));
    expect(PROFILE_KEYS[1].expose()).toEqual(bytes(0x21, 32));
  });
});
