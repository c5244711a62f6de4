import {
  fromHex,
  generateKey,
  KeyblockError,
  parseHeader,
  parseKeyBlock,
  SecretKey,
  toHex,
  wrapKey,
} from 'keyblock';
import {
  type CustomerKeyRecord,
  createCustomerKey,
  createKeyRing,
  createProfile,
  createRegionKey,
  type Env,
  exportKeyToCryptogram,
  exportKeyToEcdh,
  exportKeyToTr34,
  type ImportKeyFromTr34Options,
  importKeyFromCryptogram,
  importKeyFromEcdh,
  importKeyFromTr34,
  type KeyAgreement,
  type KeyAttributesInput,
  openCustomerKey,
  openProfile,
} from 'keyblock/hierarchy';
import {
  createCredentialToken,
  createKeyToken,
  deriveExchangeKey,
  generateExchangeKeyPair,
  type KrdState,
  parseToken,
} from 'keyblock/tr34';
import { describe, expect, it } from 'vitest';
import { parseCertificate } from '../../../src/tr34/x509/certificate.js';
import {
  boundKrd,
  crlOf,
  DAY,
  GENERATED,
  keyOf,
  NONCE,
  NONCE_STATE,
  RECEIVER,
  trustOf,
  unboundKrd,
  type World,
} from '../../tr34/scenario.js';

const KEY_ID = 'pek-1';

/** A profile, and what opens it. */
function newStore(regionId: string, at: Date) {
  const env: Env = { at };
  const { record: region, secret } = createRegionKey({ env, regionId, kdh: { hsmId: 'hsm-1' } });
  const ofRegion = createKeyRing({ keys: [{ ref: { keyId: regionId, version: 1 }, key: secret }] });
  const { record: profile } = createProfile({
    env,
    region,
    ring: ofRegion,
    profileId: 'shop',
    config: { purpose: 'acquiring' },
  });
  const key = openProfile({ profile, ring: ofRegion });
  const ring = createKeyRing({ keys: [{ ref: { keyId: `${regionId}/shop`, version: 1 }, key }] });
  return { env, profile, ring };
}

const AES_128 = fromHex('88E1AB2A2E3DD38C1FA039A536500CC8');
const AES_256 = fromHex('88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6');
const TDES_2 = fromHex('89E88CF7931444F334BD7547FC3F380C');
const TDES_3 = fromHex('89E88CF7931444F334BD7547FC3F380CA1C18F1F2A3B4C5D');
/** As long as three keys, as strong as two. */
const TDES_3_OF_2 = fromHex('89E88CF7931444F334BD7547FC3F380C89E88CF7931444F3');

/** A stored key that the caller made, so that what comes out can be compared. */
function stored(
  bytes: Uint8Array,
  at: Date,
  attributes: Partial<KeyAttributesInput> = {},
  optionalBlocks: readonly { readonly id: string; readonly data: string }[] = [],
) {
  const store = newStore('eu-central-1', at);
  const algorithm = attributes.algorithm ?? 'A';
  const name = algorithm === 'T' ? 'TDES' : 'AES';
  const key =
    algorithm === 'H'
      ? new SecretKey({ algorithm: 'HMAC', bytes, hash: 'SHA-256' })
      : new SecretKey({ algorithm: name, bytes });
  const { record } = createCustomerKey({
    ...store,
    keyId: KEY_ID,
    owner: 'shop',
    key,
    attributes: {
      keyUsage: algorithm === 'H' ? 'M7' : 'P0',
      algorithm,
      keyBits: 8 * bytes.length,
      modeOfUse: algorithm === 'H' ? 'C' : 'B',
      exportability: 'S',
      ...attributes,
    },
    optionalBlocks,
  });
  return { ...store, record };
}

/** The clear bytes of a stored key. */
function bytesOf(
  { env, profile, ring }: ReturnType<typeof newStore>,
  record: CustomerKeyRecord,
): string {
  return toHex(openCustomerKey({ env, profile, ring, record }).key.expose());
}

const received = { keyId: 'pek-in', owner: 'shop' };

function refusal(code: string, field?: string): unknown {
  const fields = field === undefined ? {} : { field };
  return expect.objectContaining({ constructor: KeyblockError, code, ...fields });
}

describe('TR-34', () => {
  const outgoing = async (
    world: World,
    source: ReturnType<typeof stored>,
    others: Partial<Parameters<typeof exportKeyToTr34>[0]> = {},
  ) =>
    exportKeyToTr34({
      ...source,
      kdh: await keyOf(world.kdh),
      krdCertificate: world.krd.certificate,
      trust: trustOf(world),
      freshness: { nonce: NONCE },
      ...others,
    });

  const incoming = async (
    world: World,
    token: Uint8Array,
    others: Partial<ImportKeyFromTr34Options> = {},
  ) => {
    const store = newStore('eu-west-1', world.at);
    const result = await importKeyFromTr34({
      ...store,
      ...received,
      state: boundKrd(world, NONCE_STATE),
      token,
      unwrapper: await keyOf(world.krd),
      ...others,
    });
    return { store, ...result };
  };

  const imported = async (...args: Parameters<typeof incoming>) => {
    const { event, ...rest } = await incoming(...args);
    if (event.kind !== 'imported') throw new Error(`refused: ${event.error.code}`);
    return { ...rest, ...event };
  };

  const codeOf = async (...args: Parameters<typeof incoming>) => {
    const { event, state } = await incoming(...args);
    return event.kind === 'refused' ? [event.error.code, event.error.field, state] : [];
  };

  it.each<[string, World, Uint8Array, 'A' | 'T']>([
    ['TDES by RSA-2048', RECEIVER, TDES_3, 'T'],
    ['AES-128 by RSA-4096', GENERATED['RSA-4096'], AES_128, 'A'],
    ['AES-256 by P-521', GENERATED['EC-P521'], AES_256, 'A'],
  ])('carries a key from one region to another: %s', async (_, world, bytes, algorithm) => {
    const source = stored(bytes, world.at, { algorithm, keyVersionNumber: '07' }, [
      { id: 'LB', data: 'KEK OF THE SHOP' },
    ]);
    const { token, kcv, audit } = await outgoing(world, source);
    expect(kcv).toEqual(source.record.kcv);
    expect(audit).toEqual([expect.objectContaining({ action: 'customer-key.export' })]);
    const { record, writes, state, store } = await imported(world, token);
    expect(record).toMatchObject({
      keyId: 'pek-in',
      regionId: 'eu-west-1',
      origin: 'imported',
      attributes: source.record.attributes,
      kcv,
      lineage: { pedigree: 2 },
    });
    expect(writes).toHaveLength(1);
    expect(state.nonce).toBeUndefined();
    expect(bytesOf(store, record)).toBe(toHex(bytes));
    const { header } = openCustomerKey({ ...store, record });
    expect(header.optionalBlocks).toContainEqual({ id: 'LB', data: 'KEK OF THE SHOP' });
  });

  it('says nothing of storage in the header, and narrows it where that is asked for', async () => {
    const world = RECEIVER;
    const source = stored(TDES_2, world.at, { algorithm: 'T' });
    const header = { modeOfUse: 'D', exportability: 'N' } as const;
    const { token } = await outgoing(world, source, { header });
    expect(parseToken(token).header).toBe('D0000P0TD00N0020');
    const { record } = await imported(world, token);
    expect(record.attributes).toMatchObject({ modeOfUse: 'D', exportability: 'N' });
  });

  it('carries an HMAC key with its hash', async () => {
    const world = RECEIVER;
    const bytes = AES_256.subarray(0, 14);
    const source = stored(bytes, world.at, { algorithm: 'H' });
    const { token } = await outgoing(world, source);
    const { record, store } = await imported(world, token);
    const { key } = openCustomerKey({ ...store, record });
    expect([key.algorithm, key.hash, toHex(key.expose())]).toEqual([
      'HMAC',
      'SHA-256',
      toHex(bytes),
    ]);
  });

  it('notes in WP that the key was under an asymmetric key, or leaves WP out', async () => {
    const world = RECEIVER;
    const source = stored(TDES_2, world.at, { algorithm: 'T' }, [{ id: 'WP', data: '000' }]);
    const { token } = await outgoing(world, source);
    const { header } = parseHeader(parseToken(token).header ?? '');
    expect(header.optionalBlocks).toEqual([{ id: 'WP', data: '002' }]);
    const { record } = await imported(world, token);
    expect(record.lineage?.pedigree).toBe(2);
    const without = await outgoing(world, source, { pedigree: false });
    expect(parseToken(without.token).header).toBe('D0000P0TB00S0020');
  });

  it.each<[string, World, Uint8Array, 'A' | 'T']>([
    ['AES-128 by RSA-2048', RECEIVER, AES_128, 'A'],
    ['AES-256 by RSA-4096', GENERATED['RSA-4096'], AES_256, 'A'],
    ['AES-256 by P-384', GENERATED['EC-P384'], AES_256, 'A'],
  ])('never sends a key under a weaker one: %s', async (_, world, bytes, algorithm) => {
    const source = stored(bytes, world.at, { algorithm });
    await expect(outgoing(world, source)).rejects.toThrow(refusal('KEY_STRENGTH', 'key'));
  });

  it('never takes a key that came under a weaker one, whatever the policy', async () => {
    const world = RECEIVER;
    const token = await createKeyToken({
      kdh: await keyOf(world.kdh),
      krdCertificate: world.krd.certificate,
      trust: trustOf(world),
      key: AES_256,
      header: 'D0000P0AB00E0000',
      freshness: { nonce: NONCE },
      strength: 'off',
      at: world.at,
    });
    expect((await codeOf(world, token)).slice(0, 1)).toEqual(['KEY_STRENGTH']);
    const policy = { strength: 'off' } as ImportKeyFromTr34Options['policy'];
    expect((await codeOf(world, token, { policy })).slice(0, 1)).toEqual(['KEY_STRENGTH']);
  });

  it('never sends a key that is not exportable', async () => {
    const source = stored(TDES_2, RECEIVER.at, { algorithm: 'T', exportability: 'N' });
    await expect(outgoing(RECEIVER, source)).rejects.toThrow(
      refusal('EXPORT_NOT_ALLOWED', 'exportability'),
    );
  });

  it('never sends to a device that its CA has revoked, nor by a list that is over', async () => {
    const source = stored(TDES_2, RECEIVER.at, { algorithm: 'T' });
    const ofDevices = { ...RECEIVER, caKdh: RECEIVER.caKrd };
    const krdCrl = await crlOf(ofDevices, { revoked: [RECEIVER.krd] });
    await expect(outgoing(RECEIVER, source, { krdCrl })).rejects.toThrow(
      refusal('CERTIFICATE_REVOKED', 'krdCertificate'),
    );
    const over = await crlOf({ ...ofDevices, at: new Date(RECEIVER.at.getTime() - 40 * DAY) });
    await expect(outgoing(RECEIVER, source, { krdCrl: over })).rejects.toThrow(
      refusal('CRL_REJECTED', 'crl'),
    );
    const tolerate = ['stale-crl'] as const;
    const { token } = await outgoing(RECEIVER, source, { krdCrl: over, tolerate });
    expect(parseToken(token).crl).toBeUndefined();
  });

  it.each([
    [{ exportability: 'S' }, 'EXPORT_NOT_ALLOWED'],
    [{ modeOfUse: 'B' }, 'USAGE_NOT_ALLOWED'],
    [{ keyContext: '1' }, 'CONTEXT_MISMATCH'],
  ] as const)('never widens: %j', async (header, code) => {
    const attributes = { algorithm: 'T', exportability: 'E', modeOfUse: 'E' } as const;
    const source = stored(TDES_2, RECEIVER.at, attributes);
    await expect(outgoing(RECEIVER, source, { header })).rejects.toThrow(refusal(code));
  });

  it.each([
    ['for storage', 'D0000P0TB00E0010', ['CONTEXT_MISMATCH', 'keyContext']],
    [
      'of a combination that does not exist',
      'D0000P0TC00E0000',
      ['USAGE_NOT_ALLOWED', 'modeOfUse'],
    ],
    ['of a key component', 'D0000P0TBc1E0000', ['INVALID_ARGUMENT', 'keyVersionNumber']],
  ])('refuses a header %s, and the nonce is spent', async (_, header, refused) => {
    const world = RECEIVER;
    const token = await createKeyToken({
      kdh: await keyOf(world.kdh),
      krdCertificate: world.krd.certificate,
      trust: trustOf(world),
      key: TDES_2,
      header,
      freshness: { nonce: NONCE },
      at: world.at,
    });
    const [code, field, state] = await codeOf(world, token);
    expect([code, field]).toEqual(refused);
    expect((state as KrdState).nonce).toBeUndefined();
  });

  it('refuses a token twice, for another device, and of another KDH', async () => {
    const world = RECEIVER;
    const { token } = await outgoing(world, stored(TDES_2, world.at, { algorithm: 'T' }));
    const { state } = await imported(world, token);
    expect((await codeOf(world, token, { state }))[0]).toBe('FRESHNESS');
    const elsewhere = {
      state: boundKrd({ ...world, krd: world.otherKrd }, NONCE_STATE),
      unwrapper: await keyOf(world.otherKrd),
    };
    expect((await codeOf(world, token, elsewhere))[0]).toBe('RECIPIENT_MISMATCH');
    const unknown = boundKrd({ ...world, kdh: world.nextKdh }, NONCE_STATE);
    expect((await codeOf(world, token, { state: unknown }))[0]).toBe('SIGNATURE_INVALID');
  });

  it('refuses a token that is no key, without binding anything', async () => {
    const token = createCredentialToken({ certificate: RECEIVER.kdh.certificate });
    const state = unboundKrd(RECEIVER);
    const [code, , next] = await codeOf(RECEIVER, token, { state });
    expect([code, next]).toEqual(['TOKEN_MALFORMED', state]);
  });

  it('throws for arguments that do not fit', async () => {
    const { token } = await outgoing(RECEIVER, stored(TDES_2, RECEIVER.at, { algorithm: 'T' }));
    for (const others of [{ policy: 3 }, { state: undefined }, { env: undefined }]) {
      await expect(incoming(RECEIVER, token, others as never)).rejects.toThrow(
        refusal('INVALID_ARGUMENT'),
      );
    }
  });
});

describe('ECDH', () => {
  const at = new Date('2027-01-01');

  function parties(curve: 'P-256' | 'P-384' | 'P-521', others: Partial<KeyAgreement> = {}) {
    const us = generateExchangeKeyPair({ curve });
    const them = generateExchangeKeyPair({ curve });
    const shared = {
      kdf: 'sp800-56c',
      hash: 'SHA-512',
      sharedInfo: fromHex('1234567890'),
      algorithm: 'AES',
      lengthBits: 256,
      ...others,
    } as const;
    return {
      ours: { ...shared, privateKey: us.privateKey, publicKey: them.publicKey },
      theirs: { ...shared, privateKey: them.privateKey, publicKey: us.publicKey },
    };
  }

  it.each<[string, Uint8Array, 'A' | 'T']>([
    ['AES-256', AES_256, 'A'],
    ['AES-128', AES_128, 'A'],
    ['TDES', TDES_3, 'T'],
  ])('carries a key from one region to another: %s', async (_, bytes, algorithm) => {
    const { ours, theirs } = parties('P-521');
    const source = stored(bytes, at, { algorithm });
    const { keyBlock, kcv } = await exportKeyToEcdh({ ...source, agreement: ours });
    expect(parseKeyBlock(keyBlock).header.keyContext).toBe('2');
    const store = newStore('eu-west-1', at);
    const { record } = await importKeyFromEcdh({
      ...store,
      ...received,
      keyBlock,
      agreement: theirs,
    });
    expect(record.kcv).toEqual(kcv);
    expect(record.attributes).toEqual(source.record.attributes);
    expect(bytesOf(store, record)).toBe(toHex(bytes));
  });

  it('opens for those who agreed, and nobody else', async () => {
    const { ours, theirs } = parties('P-521');
    const source = stored(AES_128, at);
    const { keyBlock } = await exportKeyToEcdh({ ...source, agreement: ours });
    const store = newStore('eu-west-1', at);
    for (const others of [
      { sharedInfo: fromHex('00') },
      { privateKey: generateExchangeKeyPair({ curve: 'P-521' }).privateKey },
      { hash: 'SHA-384' },
    ] as const) {
      const agreement = { ...theirs, ...others };
      await expect(
        importKeyFromEcdh({ ...store, ...received, keyBlock, agreement }),
      ).rejects.toThrow(refusal('AUTHENTICATION_FAILED'));
    }
  });

  it('never sends a key under a weaker one: the curve, and what is derived', async () => {
    const source = stored(AES_256, at);
    const weak = { ...source, agreement: parties('P-256').ours };
    await expect(exportKeyToEcdh(weak)).rejects.toThrow(refusal('KEY_STRENGTH', 'curve'));
    const short = { ...source, agreement: parties('P-521', { lengthBits: 128 }).ours };
    await expect(exportKeyToEcdh(short)).rejects.toThrow(refusal('KEY_STRENGTH', 'key'));
    // Also where a caller of JavaScript would lift the rule.
    const lifted = { ...parties('P-256').ours, strength: 'off' } as KeyAgreement;
    await expect(exportKeyToEcdh({ ...source, agreement: lifted })).rejects.toThrow(
      refusal('KEY_STRENGTH', 'curve'),
    );
  });

  it('never takes a key that came under a weaker one', async () => {
    const { ours, theirs } = parties('P-256', { lengthBits: 128 });
    const kbpk = await deriveExchangeKey(ours);
    const header = { versionId: 'D', keyUsage: 'P0', algorithm: 'A' } as const;
    const keyBlock = wrapKey({
      kbpk,
      key: AES_256,
      header: { ...header, modeOfUse: 'B', exportability: 'E' },
      allow: ['weaker-kbpk'],
    });
    const store = newStore('eu-west-1', at);
    await expect(
      importKeyFromEcdh({ ...store, ...received, keyBlock, agreement: theirs }),
    ).rejects.toThrow(refusal('KEY_STRENGTH'));
  });

  it('never takes a block that is for storage, and never sends one', async () => {
    const { ours, theirs } = parties('P-521');
    const source = stored(AES_128, at);
    await expect(
      exportKeyToEcdh({ ...source, agreement: ours, header: { keyContext: '1' } }),
    ).rejects.toThrow(refusal('CONTEXT_MISMATCH', 'keyContext'));
    const kbpk = await deriveExchangeKey(ours);
    const header = { versionId: 'D', keyUsage: 'P0', algorithm: 'A', modeOfUse: 'B' } as const;
    const keyBlock = wrapKey({
      kbpk,
      key: AES_128,
      header: { ...header, exportability: 'E', keyContext: '1' },
    });
    const store = newStore('eu-west-1', at);
    await expect(
      importKeyFromEcdh({ ...store, ...received, keyBlock, agreement: theirs }),
    ).rejects.toThrow(refusal('CONTEXT_MISMATCH', 'keyContext'));
  });

  it('is refused where it is stored: a block for exchange opens no record', async () => {
    const { ours } = parties('P-521');
    const source = stored(AES_128, at);
    const { keyBlock } = await exportKeyToEcdh({ ...source, agreement: ours });
    const slots = source.record.slots.map((slot) => ({ ...slot, block: keyBlock }));
    expect(() => openCustomerKey({ ...source, record: { ...source.record, slots } })).toThrow(
      refusal('CONTEXT_MISMATCH', 'keyContext'),
    );
  });

  it.each([[undefined], [3]])('rejects %s as an agreement', async (agreement) => {
    const source = stored(AES_128, at);
    await expect(
      exportKeyToEcdh({ ...source, agreement: agreement as unknown as KeyAgreement }),
    ).rejects.toThrow(refusal('INVALID_ARGUMENT', 'options'));
  });
});

describe('an RSA cryptogram', () => {
  const world = RECEIVER;
  const strong = GENERATED['RSA-4096'];

  const importOf = async (
    { krd, at }: World,
    source: ReturnType<typeof stored>,
    cryptogram: Uint8Array,
    others: Partial<Parameters<typeof importKeyFromCryptogram>[0]> = {},
  ) => {
    const store = newStore('eu-west-1', at);
    const created = await importKeyFromCryptogram({
      ...store,
      ...received,
      cryptogram,
      unwrapper: await keyOf(krd),
      attributes: source.record.attributes,
      kcv: source.record.kcv,
      ...others,
    });
    return { store, ...created };
  };

  it.each<[string, World, Uint8Array, 'A' | 'T' | 'H']>([
    ['TDES of two keys by RSA-2048', world, TDES_2, 'T'],
    ['TDES of three keys by RSA-2048', world, TDES_3, 'T'],
    ['AES-128 by RSA-4096', strong, AES_128, 'A'],
    ['HMAC by RSA-2048', world, AES_256.subarray(0, 14), 'H'],
  ])('carries a key from one region to another: %s', async (_, parties, bytes, algorithm) => {
    const source = stored(bytes, parties.at, { algorithm });
    for (const hash of ['SHA-256', 'SHA-512'] as const) {
      const { cryptogram, kcv, attributes, audit } = await exportKeyToCryptogram({
        ...source,
        publicKey: parties.krd.certificate,
        hash,
      });
      expect(kcv).toEqual(source.record.kcv);
      expect(attributes).toEqual(source.record.attributes);
      expect(audit).toHaveLength(1);
      const optionalBlocks = algorithm === 'H' ? [{ id: 'HM', data: '21' }] : [];
      const { record, store } = await importOf(parties, source, cryptogram, {
        hash,
        optionalBlocks,
      });
      expect(record).toMatchObject({ kcv, attributes, lineage: { pedigree: 2 } });
      expect(bytesOf(store, record)).toBe(toHex(bytes));
    }
  });

  it.each(['E', 'N'] as const)('never carries a key of exportability %s', async (exportability) => {
    const source = stored(TDES_2, world.at, { algorithm: 'T', exportability });
    await expect(
      exportKeyToCryptogram({ ...source, publicKey: world.krd.certificate }),
    ).rejects.toThrow(refusal('EXPORT_NOT_ALLOWED', 'exportability'));
  });

  it.each<[string, World, Uint8Array]>([
    ['AES-128 by RSA-2048', world, AES_128],
    ['AES-256 by RSA-4096', strong, AES_256],
  ])('never carries a key under a weaker one, there or back: %s', async (_, parties, bytes) => {
    const source = stored(bytes, parties.at);
    await expect(
      exportKeyToCryptogram({ ...source, publicKey: parties.krd.certificate }),
    ).rejects.toThrow(refusal('KEY_STRENGTH', 'key'));
    const cryptogram = await sealed(parties, bytes);
    await expect(importOf(parties, source, cryptogram)).rejects.toThrow(
      refusal('KEY_STRENGTH', 'key'),
    );
  });

  it('measures strength on bytes: three TDES keys of which two are equal count as two', async () => {
    const source = stored(TDES_2, world.at, { algorithm: 'T' });
    const cryptogram = await sealed(world, TDES_3_OF_2);
    const attributes = { ...source.record.attributes, keyBits: 192 };
    const key = new SecretKey({ algorithm: 'TDES', bytes: TDES_3_OF_2 });
    const kcv = { method: 'legacy', value: key.kcv() } as const;
    const { record } = await importOf(world, source, cryptogram, { attributes, kcv });
    expect(record.kcv).toEqual(kcv);
  });

  it('is taken only with the check value of another channel', async () => {
    const source = stored(TDES_2, world.at, { algorithm: 'T' });
    const cryptogram = await sealed(
      world,
      TDES_3.subarray(0, 16).map((byte) => byte ^ 0x0e),
    );
    await expect(importOf(world, source, cryptogram)).rejects.toThrow(
      refusal('KCV_MISMATCH', 'kcv'),
    );
    const kcv = { ...source.record.kcv, method: 'cmac' } as const;
    await expect(importOf(world, source, await sealed(world, TDES_2), { kcv })).rejects.toThrow(
      refusal('KCV_MISMATCH', 'kcv'),
    );
  });

  it('is refused in one way, whatever is wrong with it', async () => {
    const source = stored(TDES_2, world.at, { algorithm: 'T' });
    const good = await sealed(world, TDES_2);
    const altered = new Uint8Array(good);
    altered[17] = (altered[17] ?? 0) ^ 1;
    const errors = await Promise.all(
      [
        altered,
        good.subarray(1),
        new Uint8Array(256).fill(0xff),
        new Uint8Array(0),
        await sealed(world, TDES_3), // of another length
        await sealed(strong, TDES_2), // for another device
      ].map(async (cryptogram) => {
        const failure = await importOf(world, source, cryptogram).catch((error: unknown) => error);
        if (!(failure instanceof KeyblockError)) throw failure;
        return `${failure.code} ${failure.field} ${failure.message}`;
      }),
    );
    expect(new Set(errors).size).toBe(1);
    expect(errors[0]).toMatch(/^TOKEN_REJECTED undefined /);
    // With a hash that it was not made with, and by an unwrapper that misbehaves.
    const unwrapper = {
      certificate: world.krd.certificate,
      unwrap: () => {
        throw new Error('at once');
      },
    };
    for (const others of [{ hash: 'SHA-384' }, { unwrapper }] as const) {
      await expect(importOf(world, source, good, others)).rejects.toThrow(
        refusal('TOKEN_REJECTED'),
      );
    }
  });

  it.each([
    [{ cryptogram: 'AA' }, 'bytes'],
    [{ unwrapper: {} }, 'unwrapper'],
    [{ hash: 'SHA-1' }, 'hash'],
    [{ kcv: undefined }, 'kcv'],
    [{ attributes: undefined }, 'attributes'],
  ])('is not looked at without arguments that fit: %j', async (others, field) => {
    const source = stored(TDES_2, world.at, { algorithm: 'T' });
    await expect(importOf(world, source, new Uint8Array(256), others as never)).rejects.toThrow(
      refusal('INVALID_ARGUMENT', field),
    );
  });

  it.each([
    ['an elliptic curve', GENERATED['EC-P521'].krd.certificate, 'ALGORITHM_NOT_ALLOWED'],
    ['no DER', new Uint8Array(40), 'TOKEN_MALFORMED'],
  ])('is not made for %s', async (_, publicKey, code) => {
    const source = stored(TDES_2, world.at, { algorithm: 'T' });
    await expect(exportKeyToCryptogram({ ...source, publicKey })).rejects.toThrow(
      refusal(code, 'publicKey'),
    );
  });
});

/** A cryptogram that somebody else made, of whatever bytes. */
async function sealed({ krd }: World, bytes: Uint8Array): Promise<Uint8Array> {
  const { spki } = parseCertificate(krd.certificate).publicKey;
  const scheme = { name: 'RSA-OAEP', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('spki', new Uint8Array(spki), scheme, false, [
    'encrypt',
  ]);
  return new Uint8Array(await crypto.subtle.encrypt(scheme, key, new Uint8Array(bytes)));
}

describe('every form', () => {
  it('shows its key to nobody', async () => {
    const world = GENERATED['RSA-4096'];
    const bytes = generateKey({ algorithm: 'AES', lengthBits: 128 }).expose();
    const source = stored(bytes, world.at);
    const token = await exportKeyToTr34({
      ...source,
      kdh: await keyOf(world.kdh),
      krdCertificate: world.krd.certificate,
      trust: trustOf(world),
      freshness: { nonce: NONCE },
    });
    const cryptogram = await exportKeyToCryptogram({
      ...source,
      publicKey: world.krd.certificate,
    });
    const store = newStore('eu-west-1', world.at);
    const imported = await importKeyFromTr34({
      ...store,
      ...received,
      state: boundKrd(world, NONCE_STATE),
      token: token.token,
      unwrapper: await keyOf(world.krd),
    });
    const shown = [token, cryptogram, imported, source].map((value) =>
      JSON.stringify(value, (_, member: unknown) =>
        member instanceof Uint8Array ? toHex(member) : member,
      ),
    );
    for (let i = 0; i + 4 <= bytes.length; i++) {
      for (const text of shown) {
        expect(text.toUpperCase()).not.toContain(toHex(bytes.subarray(i, i + 4)));
      }
    }
  });
});
