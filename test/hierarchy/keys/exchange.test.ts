import { ecb } from '@noble/ciphers/aes.js';
import fc from 'fast-check';
import { fromHex, generateKey, type KeyBlockHeader, SecretKey, unwrapKey, wrapKey } from 'keyblock';
import {
  createCustomerKey,
  deriveInitialKey,
  exportCustomerKey,
  importCustomerKey,
  openCustomerKey,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { env, PIN_ATTRIBUTES, PIN_KEY, profileOf, recordOf, refusal, ring } from './estate.js';

const profile = profileOf();
const kek = generateKey({ algorithm: 'AES', lengthBits: 256 });
const tdesKek = generateKey({ algorithm: 'TDES', lengthBits: 192 });

const HEADER: KeyBlockHeader = {
  versionId: 'D',
  keyUsage: 'P0',
  algorithm: 'A',
  modeOfUse: 'B',
  keyVersionNumber: '00',
  exportability: 'E',
  keyContext: '2',
  optionalBlocks: [],
};

describe('exportCustomerKey', () => {
  it('says of a key what is stored, for exchange only', () => {
    const extra = [{ id: 'LB', data: 'PIN pad 7' }];
    const { keyBlock, kcv, audit } = exportCustomerKey({
      env,
      record: recordOf({ extra }),
      profile,
      ring,
      kek,
    });
    const { header, key } = unwrapKey({ kbpk: kek, keyBlock });
    expect(key.expose()).toEqual(PIN_KEY.expose());
    expect(header).toEqual({ ...HEADER, optionalBlocks: extra });
    expect(kcv).toEqual({ method: 'cmac', value: 'BE7ED6AE78' });
    expect(audit).toMatchObject([{ action: 'customer-key.export', recordId: 'pek-1' }]);
  });

  it('says less where it is asked to', () => {
    const { keyBlock } = exportCustomerKey({
      env,
      record: recordOf(),
      profile,
      ring,
      kek,
      header: { modeOfUse: 'D', exportability: 'N', keyContext: '0', keyVersionNumber: '03' },
      checkValues: ['KC'],
    });
    expect(unwrapKey({ kbpk: kek, keyBlock }).header).toEqual({
      ...HEADER,
      modeOfUse: 'D',
      exportability: 'N',
      keyContext: '0',
      keyVersionNumber: '03',
      optionalBlocks: [{ id: 'KC', data: '01BE7ED6AE78' }],
    });
  });

  it('keeps the check value that came with the key, and writes no second one', () => {
    const extra = [{ id: 'KC', data: '01BE7ED6' }];
    const record = recordOf({ extra });
    const { keyBlock } = exportCustomerKey({
      env,
      record,
      profile,
      ring,
      kek,
      checkValues: ['KC'],
    });
    expect(unwrapKey({ kbpk: kek, keyBlock }).header.optionalBlocks).toEqual(extra);
  });

  it('writes version B under a TDES KEK', () => {
    const key = new SecretKey({
      algorithm: 'TDES',
      bytes: fromHex('0123456789ABCDEFFEDCBA9876543210'),
    });
    const attributes = { ...PIN_ATTRIBUTES, algorithm: 'T' };
    const kcv = { method: 'legacy', value: key.kcv() } as const;
    const record = recordOf({ key, attributes, kcv });
    const { keyBlock } = exportCustomerKey({ env, record, profile, ring, kek: tdesKek });
    expect(keyBlock[0]).toBe('B');
    expect(unwrapKey({ kbpk: tdesKek, keyBlock }).key.expose()).toEqual(key.expose());
  });

  it('takes the pedigree along, or leaves it', () => {
    const record = recordOf({ extra: [{ id: 'WP', data: '000' }] });
    const options = { env, record, profile, ring, kek };
    const ids = (keyBlock: string) =>
      unwrapKey({ kbpk: kek, keyBlock }).header.optionalBlocks.map(({ id }) => id);
    expect(ids(exportCustomerKey(options).keyBlock)).toEqual(['WP']);
    expect(ids(exportCustomerKey({ ...options, pedigree: false }).keyBlock)).toEqual([]);
  });

  it('never lets a key out that is not exportable', () => {
    const record = recordOf({ attributes: { ...PIN_ATTRIBUTES, exportability: 'N' } });
    const request = fc.record(
      {
        exportability: fc.constantFrom('E', 'N', 'S'),
        modeOfUse: fc.constantFrom('B', 'D', 'E'),
        keyContext: fc.constantFrom('0', '2'),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(request, (header) => {
        expect(() => exportCustomerKey({ env, record, profile, ring, kek, header })).toThrow(
          expect.objectContaining(refusal('EXPORT_NOT_ALLOWED', 'exportability')),
        );
      }),
      { numRuns: 20 },
    );
    // It opens all the same, and so it rotates.
    expect(openCustomerKey({ record, profile, ring }).key.kcv()).toBe('BE7ED6AE78');
  });

  it.each([
    ['a wider mode', { header: { modeOfUse: 'N' } }, 'USAGE_NOT_ALLOWED', 'modeOfUse'],
    [
      'a wider exportability',
      { header: { exportability: 'S' } },
      'EXPORT_NOT_ALLOWED',
      'exportability',
    ],
    ['a block for storage', { header: { keyContext: '1' } }, 'CONTEXT_MISMATCH', 'keyContext'],
    ['a weaker KEK', { kek: tdesKek }, 'KEY_STRENGTH', 'key'],
    ['a KEK that is bytes', { kek: new Uint8Array(32) }, 'INVALID_ARGUMENT', 'kbpk'],
    ['another version', { header: { versionId: 'B' } }, 'KBPK_MISMATCH', 'kbpk'],
  ])('refuses %s', (_, change, code, field) => {
    const options = { env, record: recordOf(), profile, ring, kek, ...change } as unknown;
    expect(() => exportCustomerKey(options as Parameters<typeof exportCustomerKey>[0])).toThrow(
      expect.objectContaining(refusal(code, field)),
    );
  });
});

describe('importCustomerKey', () => {
  const given = { env, profile, ring, kek, keyId: 'pek-2', owner: 'acme' };
  const options = { ...given, tags: { Network: 'PayCard' } };

  it('keeps what the header says of the key, and not what it says of the block', () => {
    const keyBlock = wrapKey({
      kbpk: kek,
      key: PIN_KEY,
      header: {
        ...HEADER,
        keyVersionNumber: '04',
        exportability: 'S',
        optionalBlocks: [
          { id: 'LB', data: 'PIN' },
          { id: 'TS', data: '20270101000000Z' },
          { id: 'WP', data: '003' },
        ],
      },
      checkValues: ['KP'],
    });
    const { record, audit } = importCustomerKey({ ...options, keyBlock });
    expect(record).toMatchObject({
      origin: 'imported',
      tags: { Network: 'PayCard' },
      attributes: { ...PIN_ATTRIBUTES, keyVersionNumber: '04', exportability: 'S' },
      kcv: { method: 'cmac', value: 'BE7ED6AE78' },
      lineage: { pedigree: 3 },
    });
    expect(audit).toMatchObject([{ action: 'customer-key.import' }]);
    const { key, header } = openCustomerKey({ record, profile, ring });
    expect(key.expose()).toEqual(PIN_KEY.expose());
    expect(header.optionalBlocks).toEqual([
      { id: 'LB', data: 'PIN' },
      { id: 'WP', data: '003' },
    ]);
  });

  it('takes what an export gave', () => {
    const { keyBlock } = exportCustomerKey({ env, record: recordOf(), profile, ring, kek });
    const { record } = importCustomerKey({ ...options, keyBlock });
    expect(record.attributes).toEqual(PIN_ATTRIBUTES);
  });

  it('takes a key without restriction, which it would not make', () => {
    const header = { ...HEADER, modeOfUse: 'N' };
    const keyBlock = wrapKey({ kbpk: kek, key: PIN_KEY, header });
    expect(importCustomerKey({ ...options, keyBlock }).record.attributes.modeOfUse).toBe('N');
  });

  it.each([
    [
      'another KEK',
      {},
      { kek: generateKey({ algorithm: 'AES', lengthBits: 256 }) },
      'AUTHENTICATION_FAILED',
    ],
    ['a component', { keyVersionNumber: 'c1' }, {}, 'INVALID_ARGUMENT'],
    ['an odd couple', { modeOfUse: 'G' }, {}, 'USAGE_NOT_ALLOWED'],
    ['a place', { optionalBlocks: [{ id: '77', data: 'x' }] }, {}, 'INVALID_OPTIONAL_BLOCK'],
    [
      'a key of an algorithm without check value',
      { algorithm: 'E', keyUsage: 'K3', modeOfUse: 'X' },
      {},
      'UNSUPPORTED',
    ],
  ])('refuses %s', (_, header, change, code) => {
    const key = 'algorithm' in header ? PIN_KEY.expose() : PIN_KEY;
    const keyBlock = wrapKey({ kbpk: kek, key, header: { ...HEADER, ...header } });
    expect(() => importCustomerKey({ ...options, keyBlock, ...change })).toThrow(
      expect.objectContaining(refusal(code)),
    );
  });
});

/** Known answers: X9.24-1:2009 annex A.4, and X9.24-3:2017 with its supplement of test vectors. */
const INITIAL_KEYS = [
  {
    bdk: '0123456789ABCDEFFEDCBA9876543210',
    algorithm: 'T',
    serial: 'FFFF9876543210E00008',
    block: { id: 'KS', data: 'FFFF9876543210E00000' },
    key: '6AC292FAA1315B4D858AB3A3D7D5933A',
  },
  {
    bdk: 'FEDCBA9876543210F1F1F1F1F1F1F1F1',
    algorithm: 'A',
    serial: '123456789012345600000001',
    block: { id: 'IK', data: '1234567890123456' },
    key: '1273671EA26AC29AFA4D1084127652A1',
  },
] as const;

describe('deriveInitialKey', () => {
  it.each(INITIAL_KEYS)(
    'matches the standard: $algorithm',
    ({ bdk, algorithm, serial, block, key }) => {
      const exportability = 'N';
      const attributes = {
        ...PIN_ATTRIBUTES,
        keyUsage: 'B0',
        modeOfUse: 'X',
        algorithm,
        exportability,
      };
      const name = algorithm === 'T' ? 'TDES' : 'AES';
      const clear = new SecretKey({ algorithm: name, bytes: fromHex(bdk) });
      const options = { env, profile, ring, keyId: 'bdk-1', owner: 'acme', attributes, key: clear };
      const { record } = createCustomerKey(options);
      const derived = deriveInitialKey({
        env,
        record,
        profile,
        ring,
        keySerialNumber: serial,
        kek,
      });
      const opened = unwrapKey({ kbpk: kek, keyBlock: derived.keyBlock });
      expect(opened.key.expose()).toEqual(fromHex(key));
      expect(opened.header).toEqual({
        ...HEADER,
        keyUsage: 'B1',
        algorithm,
        modeOfUse: 'X',
        optionalBlocks: [block],
      });
      expect(derived.kcv.value).toBe(opened.key.kcv());
      expect(derived.audit).toMatchObject([{ action: 'initial-key.export', recordId: 'bdk-1' }]);
    },
  );

  it.each([
    // Version 01, counter, usage 8001, algorithm, length in bits, initial key ID.
    [192, '010180010003 00C0 1234567890123456', '010280010003 00C0 1234567890123456'],
    [256, '010180010004 0100 1234567890123456', '010280010004 0100 1234567890123456'],
  ])('derives from AES keys of %i bits a key as long (X9.24-3 6.3)', (keyBits, first, second) => {
    const attributes = { ...PIN_ATTRIBUTES, keyUsage: 'B0', modeOfUse: 'X', keyBits };
    const { record } = createCustomerKey({
      env,
      profile,
      ring,
      keyId: 'b',
      owner: 'a',
      attributes,
    });
    const keySerialNumber = '1234567890123456FFFFFFFF';
    const derived = deriveInitialKey({ env, record, profile, ring, keySerialNumber, kek });
    const opened = unwrapKey({ kbpk: kek, keyBlock: derived.keyBlock });
    const { key: bdk } = openCustomerKey({ record, profile, ring });
    const data = fromHex((first + second).replaceAll(' ', ''));
    const expected = ecb(bdk.expose(), { disablePadding: true }).encrypt(data);
    expect(opened.key.expose()).toEqual(new Uint8Array(expected.slice(0, keyBits / 8)));
  });

  const bdk = { ...PIN_ATTRIBUTES, keyUsage: 'B0', modeOfUse: 'X' };

  it.each([
    ['a PIN key', PIN_ATTRIBUTES, {}, 'USAGE_NOT_ALLOWED'],
    ['a serial number of TDES', bdk, { keySerialNumber: 'FFFF9876543210E00008' }, 'INVALID_LENGTH'],
    [
      'a serial number that is no hex',
      bdk,
      { keySerialNumber: '12345678901234560000000G' },
      'INVALID_HEX',
    ],
    ['a weaker KEK', bdk, { kek: tdesKek }, 'KEY_STRENGTH'],
    ['no KEK', bdk, { kek: undefined }, 'INVALID_ARGUMENT'],
    [
      'triple length',
      { ...bdk, algorithm: 'T', keyBits: 192 },
      { keySerialNumber: 'FFFF9876543210E00008' },
      'UNSUPPORTED',
    ],
  ])('refuses %s', (_, attributes, change, code) => {
    const { record } = createCustomerKey({
      env,
      profile,
      ring,
      keyId: 'b',
      owner: 'a',
      attributes,
    });
    const keySerialNumber = '123456789012345600000001';
    const options = { env, record, profile, ring, keySerialNumber, kek, ...change } as unknown;
    expect(() => deriveInitialKey(options as Parameters<typeof deriveInitialKey>[0])).toThrow(
      expect.objectContaining(refusal(code)),
    );
  });
});
