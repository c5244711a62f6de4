// The block in which a key crosses: what may leave a region, and what another one takes.

import {
  formatOptionalBlock,
  generateKey,
  type KeyBlockHeaderInput,
  parseKeyBlock,
  SecretKey,
  unwrapKey,
  wrapKey,
} from 'keyblock';
import {
  type CustomerKeyRecord,
  importCustomerKey,
  lifecycle,
  replication,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { AES_128, DESTINATION, later, ORIGIN, Region } from './regions.js';

const env = later(0);
const origin = new Region(ORIGIN);
const destination = new Region(DESTINATION);
const kek = generateKey({ algorithm: 'AES', lengthBits: 256 });
const { profile, ring } = origin;

origin.create('k1');
const record = origin.get('k1');
const refusalOf = (code: string, field: string) => expect.objectContaining({ code, field });

const replicate = (given: CustomerKeyRecord, change: object = {}) =>
  replication.replicateBlock({ env, record: given, profile, ring, kek, ...change });

describe('replicateBlock', () => {
  it('takes what may be exported under a key of another kind, too', () => {
    origin.create('s1', { ...AES_128, exportability: 'S' });
    const { header } = parseKeyBlock(replicate(origin.get('s1')));
    expect(header).toMatchObject({ exportability: 'S', keyContext: '2' });
  });

  it('takes no key that may not be exported', () => {
    origin.create('n1', { ...AES_128, exportability: 'N' });
    expect(() => replicate(origin.get('n1'))).toThrow(
      refusalOf('EXPORT_NOT_ALLOWED', 'exportability'),
    );
  });

  it('takes no key whose row only says that it may be exported', () => {
    const row = origin.get('n1');
    const altered = { ...row, attributes: { ...row.attributes, exportability: 'E' } } as const;
    expect(() => replicate(altered)).toThrow(refusalOf('CONTEXT_MISMATCH', 'attributes'));
  });

  it('takes no key in deletion, and none of a profile that is suspended', () => {
    const marked = lifecycle.scheduleDeletion({ env, record }).record;
    expect(() => replicate(marked)).toThrow(refusalOf('STATE_CONFLICT', 'record'));
    const suspended = { ...profile, state: 'suspended' };
    expect(() => replicate(record, { profile: suspended })).toThrow(
      refusalOf('STATE_CONFLICT', 'record'),
    );
  });

  it('takes no key that is stronger than the KEK', () => {
    origin.create('a256', { ...AES_128, keyUsage: 'D0', keyBits: 256 });
    const weak = generateKey({ algorithm: 'AES', lengthBits: 128 });
    expect(() => replicate(origin.get('a256'), { kek: weak })).toThrow(
      refusalOf('KEY_STRENGTH', 'key'),
    );
  });

  it.each([
    ['undefined', undefined],
    ['a triple DES key', generateKey({ algorithm: 'TDES', lengthBits: 192 })],
    ['bytes', new Uint8Array(32).fill(3)],
  ])('takes no %s for a KEK', (_what, given) => {
    expect(() => replicate(record, { kek: given })).toThrow(refusalOf('INVALID_ARGUMENT', 'kbpk'));
  });
});

describe('acceptBlock', () => {
  const block = replicate(record);
  const options = {
    env,
    keyBlock: block,
    kek,
    profile: destination.profile,
    ring: destination.ring,
    keyId: 'k1',
    owner: 'shop',
    kcv: record.kcv,
    attributesDigest: replication.digestOfAttributes(record.attributes),
    enabled: true,
    tags: {},
  };

  /** The same key under the same KEK, with another header. */
  function resealed(change: Partial<KeyBlockHeaderInput>, under: SecretKey = kek): string {
    const { header, key } = unwrapKey({ kbpk: kek, keyBlock: block });
    return wrapKey({ kbpk: under, key, header: { ...header, optionalBlocks: [], ...change } });
  }

  it('takes the key of the origin, and remembers of which it is a copy', () => {
    const replicaOf = { regionId: ORIGIN, keyId: 'k1', order: 1 };
    const { record: copy, writes } = replication.acceptBlock({ ...options, replicaOf });
    expect(copy).toMatchObject({ keyId: 'k1', regionId: DESTINATION, kcv: record.kcv, replicaOf });
    expect(writes).toEqual([{ op: 'put-record', recordId: 'k1', expectedRevision: 0, next: copy }]);
    // What is no copy of anything says nothing of that.
    expect('replicaOf' in replication.acceptBlock(options).record).toBe(false);
  });

  it.each<[string, string, string, string]>([
    ['for storage only', resealed({ keyContext: '1' }), 'CONTEXT_MISMATCH', 'keyContext'],
    [
      'with a place',
      resealed({ optionalBlocks: [{ id: '77', data: 'kb1;c;eu;shop;0;k1' }] }),
      'CONTEXT_MISMATCH',
      'place',
    ],
    ['of another usage', resealed({ keyUsage: 'D0' }), 'CONTEXT_MISMATCH', 'attributes'],
    ['that may do more', resealed({ modeOfUse: 'N' }), 'CONTEXT_MISMATCH', 'attributes'],
    ['that may not go on', resealed({ exportability: 'N' }), 'CONTEXT_MISMATCH', 'attributes'],
  ])('takes no block %s', (_what, keyBlock, code, field) => {
    expect(() => replication.acceptBlock({ ...options, keyBlock })).toThrow(refusalOf(code, field));
  });

  it('takes no block of version B', () => {
    // A KEK of the right kind opens none; whoever holds another may have made it.
    const tdes = new SecretKey({
      algorithm: 'TDES',
      bytes: Uint8Array.from({ length: 24 }, (_, i) => 2 * i + 1),
    });
    const key = generateKey({ algorithm: 'TDES', lengthBits: 128 });
    const { header } = parseKeyBlock(block);
    const others = { versionId: 'B', algorithm: 'T', optionalBlocks: [] } as const;
    const keyBlock = wrapKey({ kbpk: tdes, key, header: { ...header, ...others } });
    expect(() => replication.acceptBlock({ ...options, keyBlock })).toThrow(
      refusalOf('KBPK_MISMATCH', 'kbpk'),
    );
  });

  it('takes no other key than that of the origin', () => {
    const kcv = { method: 'cmac', value: '0000000000' } as const;
    expect(() => replication.acceptBlock({ ...options, kcv })).toThrow(
      refusalOf('KCV_MISMATCH', 'kcv'),
    );
    const other = generateKey({ algorithm: 'AES', lengthBits: 128 });
    const { header } = parseKeyBlock(block);
    const keyBlock = wrapKey({ kbpk: kek, key: other, header: { ...header, optionalBlocks: [] } });
    expect(() => replication.acceptBlock({ ...options, keyBlock })).toThrow(
      refusalOf('KCV_MISMATCH', 'kcv'),
    );
  });

  it('takes nothing under another KEK, and nothing for a KEK that is none', () => {
    const other = generateKey({ algorithm: 'AES', lengthBits: 256 });
    expect(() => replication.acceptBlock({ ...options, kek: other })).toThrow(
      expect.objectContaining({ code: 'AUTHENTICATION_FAILED' }),
    );
    const tdes = generateKey({ algorithm: 'TDES', lengthBits: 192 });
    expect(() => replication.acceptBlock({ ...options, kek: tdes })).toThrow(
      refusalOf('INVALID_ARGUMENT', 'kbpk'),
    );
  });

  it('makes no copy of a key of its own region', () => {
    const replicaOf = { regionId: DESTINATION, keyId: 'k1', order: 1 };
    expect(() => replication.acceptBlock({ ...options, replicaOf })).toThrow(
      refusalOf('CONTEXT_MISMATCH', 'regionId'),
    );
  });

  it('takes an HMAC key without a check value in its block', () => {
    const attributes = { ...AES_128, keyUsage: 'M7', algorithm: 'H', keyBits: 256, modeOfUse: 'C' };
    const bytes = Uint8Array.from({ length: 32 }, (_, i) => i);
    const hmac = new SecretKey({ algorithm: 'HMAC', bytes, hash: 'SHA-256' });
    origin.create('h1', attributes, hmac);
    const stored = origin.get('h1');
    const keyBlock = replicate(stored);
    expect(parseKeyBlock(keyBlock).header.optionalBlocks.map(({ id }) => id)).toEqual(['HM']);
    const { record: copy } = replication.acceptBlock({
      ...options,
      keyBlock,
      keyId: 'h1',
      kcv: stored.kcv,
      attributesDigest: replication.digestOfAttributes(stored.attributes),
    });
    expect(copy.kcv).toEqual(stored.kcv);
  });
});

describe('a copy', () => {
  it('keeps the pedigree of its key: under what that was wrapped before', () => {
    const optionalBlocks = [formatOptionalBlock({ id: 'WP', weaker: true, asymmetric: true })];
    const header = { versionId: 'D', keyUsage: 'P0', algorithm: 'A', modeOfUse: 'B' } as const;
    const keyBlock = wrapKey({
      kbpk: kek,
      key: generateKey({ algorithm: 'AES', lengthBits: 128 }),
      header: { ...header, exportability: 'E', keyContext: '2', optionalBlocks },
    });
    const options = { env, keyId: 'wp', owner: 'shop', kek };
    const key = importCustomerKey({ ...options, profile, ring, keyBlock }).record;
    expect(key.lineage?.pedigree).toBe(3);
    const copy = replication.acceptBlock({
      ...options,
      profile: destination.profile,
      ring: destination.ring,
      keyBlock: replicate(key),
      kcv: key.kcv,
      attributesDigest: replication.digestOfAttributes(key.attributes),
      enabled: true,
      tags: {},
    });
    expect(copy.record.lineage?.pedigree).toBe(3);
  });
});
