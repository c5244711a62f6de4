// Compiled, never run: what a user's strict project sees of the built declarations.
import {
  computeKcv,
  fromHex,
  KeyblockError,
  type KeyblockErrorCode,
  parseKeyBlock,
  SecretKey,
  toHex,
  unwrapKey,
  verifyKeyBlock,
  wrapKey,
} from 'keyblock';
import { createRewrapper, type Rewrapper } from 'keyblock/bulk';
import {
  createKeyRing,
  createRegionKey,
  type KeyRing,
  type RegionKeyRecord,
} from 'keyblock/hierarchy';
import { combineComponents, generateKey, splitIntoComponents } from 'keyblock/kcv';
import {
  describeKeyBlock,
  type KeyBlockHeader,
  parseHeader,
  rewrapKey,
  traceUnwrap,
  type WrapKeyOptions,
} from 'keyblock/tr31';
import {
  type FromCryptoKeyOptions,
  type KeyUnwrapper,
  type KrdState,
  receive,
  type Signer,
  type WebCryptoKey,
} from 'keyblock/tr34';
import { type CertificateRole, issueCertificate, type KeyPair } from 'keyblock/tr34/pki';

const kbpk: Uint8Array<ArrayBuffer> = fromHex('00112233445566778899AABBCCDDEEFF');
const key = new SecretKey({ algorithm: 'AES', bytes: kbpk, hash: undefined });

// Every optional option takes undefined: projects with exactOptionalPropertyTypes pass it on.
const options: WrapKeyOptions = {
  kbpk,
  key,
  header: {
    versionId: 'D',
    keyUsage: 'D0',
    algorithm: 'A',
    modeOfUse: 'B',
    exportability: 'E',
    keyVersionNumber: undefined,
    keyContext: undefined,
    optionalBlocks: undefined,
  },
  maskedKeyLength: undefined,
  allow: undefined,
  randomBytes: undefined,
};

export const keyBlock: string = wrapKey(options);
export const header: KeyBlockHeader = parseHeader(keyBlock).header;
export const usage: string = parseKeyBlock(keyBlock).header.keyUsage;
export const opened: SecretKey = unwrapKey({ kbpk, keyBlock, validation: 'interoperable' }).key;
export const bytes: Uint8Array<ArrayBuffer> = opened.expose();
export const isAuthentic: boolean = verifyKeyBlock({ kbpk: key, keyBlock });
export const moved: string = rewrapKey({ keyBlock, from: kbpk, to: key });
export const meanings: readonly string[] = describeKeyBlock(keyBlock).map(({ name }) => name);
export const kcv: string = computeKcv({ key: kbpk, algorithm: 'AES', method: 'cmac', length: 5 });
export const hex: string = toHex(bytes);
export const generated: SecretKey = generateKey({
  algorithm: 'AES',
  lengthBits: 256,
  // A Node Buffer is a Uint8Array; a generator may return any.
  randomBytes: (length) => new Uint8Array(length),
});
export const combined: SecretKey = combineComponents({
  algorithm: 'AES',
  components: splitIntoComponents({ key: generated, count: 3 }),
});

export const rewrapper: Rewrapper = createRewrapper({ from: kbpk, to: key, header: undefined });

// Neither Web Crypto's types nor those of the ASN.1 libraries are wanted of a project.
declare const webKey: WebCryptoKey;
declare const keyPair: KeyPair;
declare const state: KrdState;
declare const unwrapper: KeyUnwrapper & Signer;
export const signingKey: FromCryptoKeyOptions = { certificate: kbpk, signingKey: webKey };
export const role: CertificateRole = 'krd';
export const certificate: Promise<Uint8Array<ArrayBuffer>> = issueCertificate({
  role,
  subject: { commonName: 'Example KRD 1', country: undefined },
  publicKey: keyPair.publicKey,
  issuer: { certificate: kbpk, pkcs8: keyPair.pkcs8 },
  serialNumber: 'random',
  notBefore: new Date(),
  notAfter: new Date(),
});
export const event = receive({ state, token: kbpk, unwrapper, at: new Date() });

export const region: RegionKeyRecord = createRegionKey({
  env: { at: new Date(), randomBytes: undefined },
  regionId: 'eu-central-1',
  kdh: { hsmId: 'hsm-1' },
}).record;
export const ring: KeyRing = createKeyRing({
  keys: [{ ref: { keyId: 'eu-central-1', version: 1 }, key: generated }],
});

export const code: KeyblockErrorCode = new KeyblockError('INVALID_HEX', { offset: 3 }).code;

// @ts-expect-error a header is read-only
header.keyUsage = 'K0';
// @ts-expect-error keys are bytes, not hex
verifyKeyBlock({ kbpk: '00112233445566778899AABBCCDDEEFF', keyBlock });
// @ts-expect-error unauthenticated plaintext has to be asked for by its own word
traceUnwrap({ kbpk, keyBlock });
// @ts-expect-error a code that does not exist
new KeyblockError('MAC_MISMATCH');
