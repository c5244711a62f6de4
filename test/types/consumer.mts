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
import { combineComponents, generateKey, splitIntoComponents } from 'keyblock/kcv';
import {
  describeKeyBlock,
  type KeyBlockHeader,
  parseHeader,
  rewrapKey,
  traceUnwrap,
  type WrapKeyOptions,
} from 'keyblock/tr31';

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
export const code: KeyblockErrorCode = new KeyblockError('INVALID_HEX', { offset: 3 }).code;

// @ts-expect-error a header is read-only
header.keyUsage = 'K0';
// @ts-expect-error keys are bytes, not hex
verifyKeyBlock({ kbpk: '00112233445566778899AABBCCDDEEFF', keyBlock });
// @ts-expect-error unauthenticated plaintext has to be asked for by its own word
traceUnwrap({ kbpk, keyBlock });
// @ts-expect-error a code that does not exist
new KeyblockError('MAC_MISMATCH');
