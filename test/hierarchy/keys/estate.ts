// A region, a profile and a few keys of which everything is known: main keys are written down, and
// the blocks are put together by `wrapKey`, as the records of a store would hold them.

import { fromHex, SecretKey, wrapKey } from 'keyblock';
import {
  type BlockSlot,
  type CustomerKeyRecord,
  createKeyRing,
  type KeyAttributes,
  type KeyRef,
  type KeyRing,
  type MainKeyState,
  type ProfileRecord,
  type RegionKeyRecord,
} from 'keyblock/hierarchy';

export const env = { at: new Date('2027-01-01T00:00:00.000Z') };

/** SHA-256 of `{"purpose":"acquiring"}`, by sha256sum. */
export const CONFIG = { purpose: 'acquiring' };
export const CONFIG_DIGEST = '249a99b6a7529f818779160bdf9e5c18e02d0a5840c7bcda1f039e1e72bd1600';

/** An AES key whose bytes count up from a number. */
export function aes(from: number, length: 16 | 24 | 32 = 32): SecretKey {
  return new SecretKey({ algorithm: 'AES', bytes: bytes(from, length) });
}

export function bytes(from: number, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => from + i);
}

export const REGION_KEY = aes(0x01);
export const PROFILE_KEYS = { 1: aes(0x21), 2: aes(0x41), 3: aes(0x61) } as const;

export const regionRef: KeyRef = { keyId: 'eu-central-1', version: 1 };

export function profileRef(version: number, profileId = 'shop'): KeyRef {
  return { keyId: `eu-central-1/${profileId}`, version };
}

/** Holds the main key of the region. */
export const regionRing: KeyRing = createKeyRing({ keys: [{ ref: regionRef, key: REGION_KEY }] });

/** Holds all main keys of the profile. */
export const ring: KeyRing = createKeyRing({
  keys: [
    { ref: profileRef(1), key: PROFILE_KEYS[1] },
    { ref: profileRef(2), key: PROFILE_KEYS[2] },
    { ref: profileRef(3), key: PROFILE_KEYS[3] },
  ],
});

export const region: RegionKeyRecord = {
  kind: 'region-key',
  schema: 1,
  revision: 1,
  regionId: 'eu-central-1',
  versions: [
    {
      version: 1,
      state: 'active',
      kcv: { method: 'cmac', value: REGION_KEY.kcv() },
      createdAt: '2026-12-01T00:00:00.000Z',
    },
  ],
  kdh: [{ hsmId: 'hsm-1', version: 1 }],
  tokens: [],
};

export const PROFILE_ATTRIBUTES: KeyAttributes = {
  keyUsage: 'K1',
  algorithm: 'A',
  keyBits: 256,
  modeOfUse: 'B',
  exportability: 'N',
  keyVersionNumber: '00',
};

/** What a block of a test differs in from one of the library. */
export interface BlockOptions {
  readonly kbpk: SecretKey;
  readonly under: KeyRef;
  readonly key: SecretKey;
  readonly attributes: KeyAttributes;
  readonly place: string | undefined;
  readonly keyContext?: '0' | '1' | '2';
  readonly extra?: readonly { readonly id: string; readonly data: string }[];
}

/** A stored block as the design has it: KP, the place in block 77, then the customer's. */
export function slot(options: BlockOptions): BlockSlot {
  const { kbpk, under, key, attributes, place, keyContext = '1', extra = [] } = options;
  const { keyUsage, algorithm, modeOfUse, exportability, keyVersionNumber } = attributes;
  const block = wrapKey({
    kbpk,
    key,
    header: {
      versionId: 'D',
      keyUsage,
      algorithm,
      modeOfUse,
      exportability,
      keyVersionNumber,
      keyContext,
      optionalBlocks: [
        { id: 'KP', data: `01${kbpk.kcv()}` },
        ...(place === undefined ? [] : [{ id: '77', data: place }]),
        ...extra,
      ],
    },
    maskedKeyLength: 32 * Math.ceil(key.lengthBits / 256),
  });
  const kbpkKcv = { method: 'cmac', value: kbpk.kcv() } as const;
  return { under, block, kbpkKcv, digest: '' };
}

/** The place of a version of the main key of a profile. */
export function profilePlace(version: number, profileId = 'shop'): string {
  return `kb1;p;eu-central-1;${profileId};${CONFIG_DIGEST.slice(0, 16)};${version}`;
}

/** A profile whose main key has versions in these states, from version 1 on. */
export function profileOf(
  states: readonly MainKeyState[] = ['active'],
  profileId = 'shop',
): ProfileRecord {
  return {
    kind: 'profile',
    schema: 1,
    revision: 1,
    regionId: 'eu-central-1',
    profileId,
    state: states.includes('pending') || states.includes('retiring') ? 'rotating' : 'ready',
    config: CONFIG,
    configDigest: CONFIG_DIGEST,
    versions: states.map((state, i) => {
      const version = i + 1;
      const key = PROFILE_KEYS[version as 1 | 2 | 3];
      const place = profilePlace(version, profileId);
      const attributes = PROFILE_ATTRIBUTES;
      return {
        version,
        state,
        kcv: { method: 'cmac', value: key.kcv() },
        createdAt: '2026-12-01T00:00:00.000Z',
        slots: [slot({ kbpk: REGION_KEY, under: regionRef, key, attributes, place })],
      };
    }),
  };
}

export const PIN_KEY = new SecretKey({
  algorithm: 'AES',
  bytes: fromHex('000102030405060708090A0B0C0D0E0F'),
});

export const PIN_ATTRIBUTES: KeyAttributes = {
  keyUsage: 'P0',
  algorithm: 'A',
  keyBits: 128,
  modeOfUse: 'B',
  exportability: 'E',
  keyVersionNumber: '00',
};

/** Check value of {@link PIN_KEY}, of `test/vectors/kcv.json`. */
export const PIN_KCV = { method: 'cmac', value: 'BE7ED6AE78' } as const;

/** The place of a customer key of the profile. */
export function customerPlace(keyId: string, profileId = 'shop'): string {
  return `kb1;c;eu-central-1;${profileId};${CONFIG_DIGEST.slice(0, 16)};${keyId}`;
}

/** What a record of a test differs in. */
export interface RecordOptions {
  readonly keyId?: string;
  readonly key?: SecretKey;
  readonly kcv?: CustomerKeyRecord['kcv'];
  readonly attributes?: KeyAttributes;
  /** Under which versions the key has blocks. */
  readonly under?: readonly (1 | 2 | 3)[];
  readonly extra?: BlockOptions['extra'];
  readonly lifecycle?: CustomerKeyRecord['lifecycle'];
}

/** A customer key of the profile. */
export function recordOf(options: RecordOptions = {}): CustomerKeyRecord {
  const { keyId = 'pek-1', key = PIN_KEY, kcv = PIN_KCV, attributes = PIN_ATTRIBUTES } = options;
  const { under = [1], extra = [], lifecycle } = options;
  const place = customerPlace(keyId);
  return {
    kind: 'customer-key',
    schema: 1,
    revision: 1,
    keyId,
    regionId: 'eu-central-1',
    profileId: 'shop',
    owner: 'acme',
    attributes,
    kcv,
    origin: 'generated',
    slots: under.map((version) => {
      const kbpk = PROFILE_KEYS[version];
      return slot({ kbpk, under: profileRef(version), key, attributes, place, extra });
    }),
    lifecycle: lifecycle ?? { state: 'create-complete', enabled: true },
    tags: {},
  };
}

/** Fails with a code, and on a field where one is given. */
export function refusal(code: string, field?: string): unknown {
  return field === undefined
    ? { name: 'KeyblockError', code }
    : { name: 'KeyblockError', code, field };
}
