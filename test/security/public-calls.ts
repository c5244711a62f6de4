/**
 * Calls of every public function, some that work and some that fail, on the keys of a canary. The
 * type of the table makes a new export an error here until it has calls of its own.
 */

import * as keyblock from 'keyblock';
import { CALLER_TEXT, type Canary } from './hygiene.js';
import { bytesOf } from './matrix.js';

/** One call. What `reveals` returns clear bytes, or says what the caller told it, by contract. */
interface PublicCall {
  readonly run: (canary: Canary) => unknown;
  readonly reveals?: boolean;
}

type CallsByName = { readonly [name in keyof typeof keyblock]: readonly PublicCall[] };

const randomBytes = bytesOf(6000);

export const CALLS: CallsByName = {
  KeyblockError: [
    call(() => new keyblock.KeyblockError('AUTHENTICATION_FAILED')),
    call(() => new keyblock.KeyblockError('INVALID_HEX', { field: 'payload', offset: 16 })),
  ],
  SecretKey: [
    call(({ key }) => key),
    call(({ kbpk }) => kbpk),
    call(({ key }) => [key.algorithm, key.lengthBits, key.hash]),
    call(({ key }) => [String(key), key.toString(), key.toJSON(), key.kcv()]),
    { run: ({ key }) => key.expose(), reveals: true },
    call(({ keyBytes }) => new keyblock.SecretKey({ algorithm: 'HMAC', bytes: keyBytes })),
    call(({ keyBytes }) =>
      new keyblock.SecretKey({ algorithm: 'HMAC', bytes: keyBytes, hash: 'SHA-256' }).kcv(),
    ),
    call(({ keyBytes }) => new keyblock.SecretKey({ algorithm: 'RSA', bytes: keyBytes }).kcv()),
    call(({ keyBytes }) => new keyblock.SecretKey({ algorithm: 'DES', bytes: keyBytes })),
    call(({ keyBytes }) => destroyed(keyBytes)),
    call(({ keyBytes }) => destroyed(keyBytes).expose()),
    call(({ keyBytes }) => destroyed(keyBytes).kcv()),
    call(({ keyBytes, keyBlock }) => keyblock.unwrapKey({ kbpk: destroyed(keyBytes), keyBlock })),
  ],
  adjustParity: [
    call(({ keyBytes }) => keyblock.adjustParity(keyBytes)),
    call(({ keyBytes }) => keyblock.adjustParity(keyBytes.subarray(0, 9))),
    call(({ keyBytes }) => keyblock.adjustParity(hmacKey(keyBytes))),
  ],
  combineComponents: [
    call(({ keyBytes, kbpkBytes }) =>
      keyblock.combineComponents({
        algorithm: 'AES',
        components: [keyBytes, kbpkBytes.subarray(0, keyBytes.length)],
      }),
    ),
    call(({ keyBytes }) =>
      keyblock.combineComponents({ algorithm: 'AES', components: [keyBytes, keyBytes] }),
    ),
    call(({ keyBytes }) =>
      keyblock.combineComponents({ algorithm: 'AES', components: [keyBytes, new Uint8Array(5)] }),
    ),
    call(({ keyBytes }) =>
      keyblock.combineComponents({ algorithm: 'DES', components: [keyBytes, randomBytes(16)] }),
    ),
    call(({ key, keyBytes }) =>
      keyblock.combineComponents({ algorithm: 'AES', components: [key, keyBytes] }),
    ),
  ],
  computeKcv: [
    call(({ key }) => keyblock.computeKcv({ key })),
    call(({ keyBytes }) => keyblock.computeKcv({ key: keyBytes, algorithm: 'AES', length: 16 })),
    call(({ keyBytes }) => keyblock.computeKcv({ key: keyBytes })),
    call(({ key }) => keyblock.computeKcv({ key, length: 17 })),
    call(({ key }) => keyblock.computeKcv({ key, method: 'hmac' })),
    call(({ keyBytes }) => keyblock.computeKcv({ key: keyBytes, algorithm: 'HMAC' })),
    call(({ keyBytes }) =>
      keyblock.computeKcv({ key: keyBytes, algorithm: 'HMAC', hash: 'SHA3-256' }),
    ),
  ],
  deriveBlockKeys: [
    call(({ kbpk, versionId }) => keyblock.deriveBlockKeys({ kbpk, versionId })),
    call(({ keyBytes, versionId }) => keyblock.deriveBlockKeys({ kbpk: keyBytes, versionId })),
    call(({ keyBytes }) =>
      keyblock.deriveBlockKeys({ kbpk: keyBytes.subarray(1), versionId: 'D' }),
    ),
  ],
  describeKeyBlock: [
    call(({ keyBlock }) => keyblock.describeKeyBlock(keyBlock)),
    call(({ keyBlock }) => keyblock.describeKeyBlock(`${keyBlock}0`)),
  ],
  formatHeader: [
    call(({ keyBlock }) =>
      keyblock.formatHeader({
        header: keyblock.parseHeader(keyBlock).header,
        keyBlockLength: keyBlock.length,
      }),
    ),
    call(({ keyBlock }) =>
      keyblock.formatHeader({
        header: { ...keyblock.parseHeader(keyBlock).header, keyUsage: CALLER_TEXT },
        keyBlockLength: 16,
      }),
    ),
  ],
  formatOptionalBlock: [
    call(() => keyblock.formatOptionalBlock({ id: 'LB', label: 'label' })),
    call(() => keyblock.formatOptionalBlock({ id: 'LB', label: `${CALLER_TEXT}\n` })),
    call(() => keyblock.formatOptionalBlock({ id: 'KS', keySerialNumber: CALLER_TEXT })),
  ],
  fromHex: [
    { run: ({ keyBytes }) => keyblock.fromHex(hex(keyBytes)), reveals: true },
    call(({ keyBytes }) => keyblock.fromHex(hex(keyBytes).slice(1))),
    call(({ keyBytes }) => keyblock.fromHex(`0x${hex(keyBytes)}`)),
    call(({ keyBytes }) => keyblock.fromHex(`${hex(keyBytes)}${CALLER_TEXT}`)),
  ],
  generateKey: [
    call(({ kbpkBytes }) =>
      keyblock.generateKey({
        algorithm: 'HMAC',
        lengthBits: 8 * kbpkBytes.length,
        randomBytes: () => kbpkBytes,
      }),
    ),
    call(({ kbpkBytes }) =>
      keyblock.generateKey({ algorithm: 'AES', lengthBits: 192, randomBytes: () => kbpkBytes }),
    ),
    call(({ keyBytes }) =>
      keyblock.generateKey({
        algorithm: 'TDES',
        lengthBits: 128,
        randomBytes: () => new Uint8Array([...keyBytes.subarray(0, 8), ...keyBytes.subarray(0, 8)]),
      }),
    ),
  ],
  hasOddParity: [
    call(({ keyBytes }) => keyblock.hasOddParity(keyBytes)),
    call(({ keyBytes }) => keyblock.hasOddParity(keyBytes.subarray(1))),
  ],
  matchesKcv: [
    call(({ key }) => keyblock.matchesKcv({ key, kcv: key.kcv() })),
    call(({ key }) => keyblock.matchesKcv({ key, kcv: '000000' })),
    call(({ key }) => keyblock.matchesKcv({ key, kcv: CALLER_TEXT })),
    call(({ key }) => keyblock.matchesKcv({ key, kcv: `${key.kcv()}x` })),
    call(({ key }) => keyblock.matchesKcv({ key, kcv: '00'.repeat(32) })),
  ],
  parseHeader: [
    call(({ keyBlock }) => keyblock.parseHeader(keyBlock)),
    call(({ keyBlock }) => keyblock.parseHeader(keyBlock.toLowerCase())),
    call(() => keyblock.parseHeader(CALLER_TEXT)),
  ],
  parseKeyBlock: [
    call(({ keyBlock }) => keyblock.parseKeyBlock(keyBlock)),
    call(({ keyBlock }) => keyblock.parseKeyBlock(keyBlock.slice(0, -1))),
    call(({ keyBlock }) => keyblock.parseKeyBlock(`${keyBlock.slice(0, -1)}G`)),
    call(() => keyblock.parseKeyBlock('D0032P0AE00E0100LB0Gcaller~owns~')),
  ],
  readOptionalBlock: [
    call(() => keyblock.readOptionalBlock({ id: 'HM', data: '21' })),
    call(() => keyblock.readOptionalBlock({ id: 'HM', data: CALLER_TEXT })),
    call(() => keyblock.readOptionalBlock({ id: CALLER_TEXT, data: '' })),
  ],
  rewrapKey: [
    call(({ keyBlock, kbpk }) =>
      keyblock.rewrapKey({ keyBlock, from: kbpk, to: kbpk, allow: ['version-a-or-c'] }),
    ),
    call(({ altered, kbpk }) => keyblock.rewrapKey({ keyBlock: altered, from: kbpk, to: kbpk })),
    call(({ keyBlock, kbpk, keyBytes }) =>
      keyblock.rewrapKey({ keyBlock, from: kbpk, to: keyBytes.subarray(3) }),
    ),
    call(({ keyBlock, kbpk }) =>
      keyblock.rewrapKey({ keyBlock, from: kbpk, to: kbpk, header: { exportability: 'S' } }),
    ),
  ],
  splitIntoComponents: [
    call(({ key }) => keyblock.splitIntoComponents({ key, count: 3 })),
    call(({ key }) => keyblock.splitIntoComponents({ key, count: 17 })),
    call(({ keyBytes }) => keyblock.splitIntoComponents({ key: keyBytes, count: 2 })),
    call(({ key, keyBytes }) =>
      keyblock.splitIntoComponents({ key, count: 2, randomBytes: () => keyBytes.subarray(1) }),
    ),
  ],
  toHex: [
    { run: ({ keyBytes }) => keyblock.toHex(keyBytes), reveals: true },
    // What JavaScript callers do, past the types.
    call(({ key }) => keyblock.toHex(key as never)),
    call(({ keyBytes }) => keyblock.toHex([...keyBytes] as never)),
  ],
  traceUnwrap: [
    {
      run: ({ kbpk, keyBlock }) => keyblock.traceUnwrap({ kbpk, keyBlock, testKey: true }),
      reveals: true,
    },
    call(({ kbpk, keyBlock }) => keyblock.traceUnwrap({ kbpk, keyBlock } as never)),
    call(({ keyBytes, keyBlock }) =>
      keyblock.traceUnwrap({ kbpk: keyBytes.subarray(1), keyBlock, testKey: true }),
    ),
  ],
  unwrapKey: [
    call(({ kbpk, keyBlock }) => keyblock.unwrapKey({ kbpk, keyBlock })),
    call(({ kbpkBytes, keyBlock }) => keyblock.unwrapKey({ kbpk: kbpkBytes, keyBlock })),
    call(({ kbpk, altered }) => keyblock.unwrapKey({ kbpk, keyBlock: altered })),
    call(({ kbpk, keyBlock }) => keyblock.unwrapKey({ kbpk, keyBlock: keyBlock.slice(1) })),
    call(({ kbpkBytes, keyBlock }) =>
      keyblock.unwrapKey({ kbpk: hex(kbpkBytes) as never, keyBlock }),
    ),
    call(({ kbpkBytes }) =>
      keyblock.unwrapKey({ kbpk: kbpkBytes, keyBlock: hex(kbpkBytes).padEnd(16, '0') }),
    ),
  ],
  verifyKeyBlock: [
    call(({ kbpk, keyBlock }) => keyblock.verifyKeyBlock({ kbpk, keyBlock })),
    call(({ kbpk, altered }) => keyblock.verifyKeyBlock({ kbpk, keyBlock: altered })),
    call(({ kbpkBytes, keyBlock }) =>
      keyblock.verifyKeyBlock({ kbpk: hex(kbpkBytes) as never, keyBlock }),
    ),
  ],
  wrapKey: [
    call((canary) => keyblock.wrapKey(wrapOptions(canary))),
    call((canary) => keyblock.wrapKey({ ...wrapOptions(canary), checkValues: ['KC', 'KP'] })),
    call((canary) =>
      keyblock.wrapKey({ ...wrapOptions(canary), key: canary.keyBytes.subarray(1) }),
    ),
    call((canary) =>
      keyblock.wrapKey({ ...wrapOptions(canary), kbpk: canary.kbpkBytes.subarray(1) }),
    ),
    call((canary) => keyblock.wrapKey({ ...wrapOptions(canary), allow: [] })),
    call((canary) => keyblock.wrapKey({ ...wrapOptions(canary), maskedKeyLength: 1 })),
    call((canary) =>
      keyblock.wrapKey({ ...wrapOptions(canary), randomBytes: () => canary.keyBytes.subarray(1) }),
    ),
    call((canary) => wrapWithBlock(canary, { id: 'KC', data: '01000000' })),
    call((canary) => wrapWithBlock(canary, { id: 'LB', data: `${CALLER_TEXT}é` })),
  ],
};

function call(run: PublicCall['run']): PublicCall {
  return { run };
}

function wrapOptions({ kbpk, key, versionId }: Canary): keyblock.WrapKeyOptions {
  return {
    kbpk,
    key,
    header: {
      versionId,
      keyUsage: 'D0',
      algorithm: key.algorithm === 'AES' ? 'A' : 'T',
      modeOfUse: 'B',
      exportability: 'E',
    },
    allow: ['version-a-or-c'],
    randomBytes,
  };
}

function wrapWithBlock(canary: Canary, block: keyblock.OptionalBlock): string {
  const options = wrapOptions(canary);
  return keyblock.wrapKey({ ...options, header: { ...options.header, optionalBlocks: [block] } });
}

function destroyed(bytes: Uint8Array): keyblock.SecretKey {
  const key = hmacKey(bytes);
  key.destroy();
  return key;
}

function hmacKey(bytes: Uint8Array): keyblock.SecretKey {
  return new keyblock.SecretKey({ algorithm: 'HMAC', bytes, hash: 'SHA-256' });
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Everything of every option that a JavaScript caller could mix up with a key. */
export function* mixUps({ kbpk, key, keyBytes, keyBlock, versionId }: Canary): Generator<{
  readonly title: string;
  readonly run: () => unknown;
}> {
  const header = wrapOptions({ kbpk, key, versionId } as Canary).header;
  const sound: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    SecretKey: { algorithm: 'AES', bytes: keyBytes, hash: undefined },
    combineComponents: { algorithm: 'AES', components: [keyBytes, keyBytes] },
    computeKcv: { key, algorithm: undefined, method: undefined, hash: undefined, length: 3 },
    deriveBlockKeys: { kbpk, versionId },
    formatHeader: { header, keyBlockLength: 16 },
    formatOptionalBlock: { id: 'LB', label: 'x' },
    generateKey: { algorithm: 'AES', lengthBits: 128, hash: undefined, randomBytes: undefined },
    matchesKcv: { key, kcv: '000000', algorithm: undefined, method: undefined, hash: undefined },
    readOptionalBlock: { id: 'LB', data: 'x' },
    rewrapKey: {
      keyBlock,
      from: kbpk,
      to: kbpk,
      header: {},
      validation: 'strict',
      allow: [],
      maskedKeyLength: 32,
      randomBytes: undefined,
    },
    splitIntoComponents: { key, algorithm: undefined, count: 2, randomBytes: undefined },
    traceUnwrap: { kbpk, keyBlock, testKey: true },
    unwrapKey: { kbpk, keyBlock, validation: 'strict', allow: [] },
    verifyKeyBlock: { kbpk, keyBlock },
    wrapKey: {
      kbpk,
      key,
      header,
      allow: [],
      checkValues: [],
      maskedKeyLength: 32,
      randomBytes: undefined,
    },
  };
  const digits = hex(keyBytes);
  const latin1 = String.fromCharCode(...keyBytes);
  const wrong: readonly unknown[] = [
    keyBytes,
    key,
    digits,
    digits.toUpperCase(),
    latin1,
    btoa(latin1),
    [...keyBytes],
    [digits],
    { key: digits },
    { ...keyBytes },
    keyBytes.buffer,
    () => keyBytes,
    () => digits,
    BigInt(`0x${digits}`),
    CALLER_TEXT,
    [CALLER_TEXT],
    null,
  ];
  const functions: Readonly<Record<string, unknown>> = { ...keyblock };
  for (const value of wrong) {
    for (const name of Object.keys(keyblock) as (keyof typeof keyblock)[]) {
      const options = sound[name];
      const invoke = (argument: unknown) =>
        name === 'SecretKey'
          ? new keyblock.SecretKey(argument as never)
          : (functions[name] as (argument: unknown) => unknown)(argument);
      if (name === 'KeyblockError') continue;
      yield { title: name, run: () => invoke(value) };
      for (const option of Object.keys(options ?? {})) {
        yield { title: `${name} ${option}`, run: () => invoke({ ...options, [option]: value }) };
      }
    }
    for (const field of Object.keys(header)) {
      const options = { ...sound['wrapKey'], header: { ...header, [field]: value } };
      yield { title: `wrapKey ${field}`, run: () => keyblock.wrapKey(options as never) };
    }
  }
}
