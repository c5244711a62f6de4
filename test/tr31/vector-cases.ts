/**
 * Cases in the shape of `test/vectors/tr31.json`, and the tests that every one of them goes
 * through.
 * `test/vectors/README.md` says what the fields mean.
 */

import {
  type Allow,
  type Finding,
  fromHex,
  type KeyBlockHeader,
  KeyblockError,
  type KeyblockErrorCode,
  type KeyblockErrorField,
  type OptionalBlock,
  type RuleName,
  toHex,
  type VersionId,
} from 'keyblock';
import {
  formatHeader,
  parseHeader,
  parseKeyBlock,
  unwrapKey,
  verifyKeyBlock,
  wrapKey,
} from 'keyblock/tr31';
import { expect, it } from 'vitest';

/** A key block that interoperable validation opens, and everything that is in it. */
export interface ValidCase {
  readonly kind: 'unwrap';
  readonly expect: 'valid';
  readonly id: string;
  readonly version: VersionId;
  readonly kbpk: string;
  readonly keyBlock: string;
  readonly key: string;
  readonly usage: string;
  readonly algorithm: string;
  readonly modeOfUse: string;
  readonly keyVersion: string;
  readonly exportability: string;
  readonly keyContext: string;
  readonly optionalBlocks: readonly OptionalBlock[];
  readonly header: string;
  readonly randomPad: string;
  readonly strict: 'accept' | 'reject';
  readonly strictErrors?: readonly string[] | undefined;
  readonly flags?: readonly string[] | undefined;
}

/** A key block that both kinds of validation refuse. */
interface InvalidCase {
  readonly kind: 'unwrap';
  readonly expect: 'invalid';
  readonly id: string;
  readonly kbpk: string;
  readonly keyBlock: string;
  readonly stage: 'parse' | 'kbpk' | 'mac' | 'payload';
  readonly error: string;
  readonly macValid?: boolean | undefined;
  readonly compat?: string | undefined;
  readonly compatKey?: string | undefined;
}

/** A case of a file: what is not an `unwrap` is for other tests. */
export type UnwrapCase = ValidCase | InvalidCase;

/** How far an unwrap comes, and what it answers there; `parse` is answered by name. */
const STAGE_CODES: Readonly<Record<InvalidCase['stage'], readonly KeyblockErrorCode[]>> = {
  parse: [],
  kbpk: ['KBPK_MISMATCH'],
  mac: ['AUTHENTICATION_FAILED'],
  payload: ['INVALID_PAYLOAD'],
};

/** The table of the README, row by row. */
const ERROR_CODES: Readonly<Record<string, KeyblockErrorCode>> = {
  MAC: 'AUTHENTICATION_FAILED',
  KBPK_LENGTH: 'KBPK_MISMATCH',
  KEY_LENGTH: 'INVALID_PAYLOAD',
  KEY_LENGTH_ALG: 'INVALID_PAYLOAD',
  LENGTH_LONG: 'INPUT_TOO_LARGE',
  VERSION: 'UNSUPPORTED',
  CHARSET: 'INVALID_CHARACTER',
  LENGTH_SHORT: 'INVALID_LENGTH',
  LENGTH_FIELD: 'INVALID_LENGTH',
  LENGTH_MULTIPLE: 'INVALID_LENGTH',
  PAYLOAD_LENGTH: 'INVALID_LENGTH',
  USAGE: 'INVALID_HEADER',
  ALGORITHM: 'INVALID_HEADER',
  MODE_OF_USE: 'INVALID_HEADER',
  KEY_VERSION: 'INVALID_HEADER',
  EXPORTABILITY: 'INVALID_HEADER',
  KEY_CONTEXT: 'INVALID_HEADER',
  RESERVED: 'INVALID_HEADER',
  OPT_COUNT: 'INVALID_HEADER',
  OPT_ID: 'INVALID_OPTIONAL_BLOCK',
  OPT_LENGTH: 'INVALID_OPTIONAL_BLOCK',
  OPT_DUPLICATE: 'INVALID_OPTIONAL_BLOCK',
  OPT_PADDING: 'INVALID_OPTIONAL_BLOCK',
  OPT_ORDER: 'INVALID_OPTIONAL_BLOCK',
  OPT_DATA: 'INVALID_OPTIONAL_BLOCK',
  OPT_MISSING: 'INVALID_OPTIONAL_BLOCK',
  PAYLOAD_HEX: 'INVALID_HEX',
  MAC_HEX: 'INVALID_HEX',
  LOWERCASE_HEX: 'INVALID_HEX',
  KBPK_WEAKER: 'KEY_STRENGTH',
  SINGLE_DES_KBPK: 'WEAK_KEY',
  KCV_MISMATCH: 'KCV_MISMATCH',
};

/** What strict validation may answer to a text before it comes to the flaw that a case is about. */
const STRICT_ONLY_CODES: readonly KeyblockErrorCode[] = [
  'INVALID_HEADER',
  'INVALID_OPTIONAL_BLOCK',
  'INVALID_HEX',
  'WEAK_KEY',
];

/** What `SecretKey.algorithm` says for a letter; letters not known are `'other'`. */
const KEY_ALGORITHMS: Readonly<Record<string, string>> = {
  A: 'AES',
  D: 'DES',
  E: 'EC',
  H: 'HMAC',
  I: 'HMAC',
  J: 'HMAC',
  R: 'RSA',
  S: 'DSA',
  T: 'TDES',
};

/** The codes that the names of a case stand for, `A|B` being alternatives. */
export function errorCodes(names: string): readonly KeyblockErrorCode[] {
  return names.split('|').map((name) => {
    const code = ERROR_CODES[name];
    if (code === undefined) throw new Error(`the README has no code for ${name}`);
    return code;
  });
}

/** Matches an error by its code, and by field and offset where they are given. */
export function refusal(
  code: KeyblockErrorCode,
  field?: KeyblockErrorField,
  offset?: number,
): unknown {
  return expect.objectContaining({
    constructor: KeyblockError,
    code,
    ...(field !== undefined && { field }),
    ...(offset !== undefined && { offset }),
  });
}

/** The error that a call ends with; anything but a `KeyblockError` fails the test. */
export function thrownBy(call: () => unknown): KeyblockError {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    if (error instanceof KeyblockError) return error;
    throw error;
  }
  throw new Error(`returned ${JSON.stringify(result)} where it had to refuse`);
}

/**
 * Puts a whole file of cases to the test, in both kinds of validation.
 *
 * @param reported - The rules that strict validation only reports, by the id of the case.
 */
export function testUnwrapCases(
  cases: readonly UnwrapCase[],
  reported: Readonly<Record<string, readonly RuleName[]>>,
): void {
  const valid = cases.filter((one) => one.expect === 'valid');
  const invalid = cases.filter((one) => one.expect === 'invalid');

  it.each(valid)('opens $id', (vector) => {
    checkValid(vector, reported[vector.id] ?? []);
  });

  it.each(valid)('is as strict as it has to be with $id', checkStrict);

  it.each(valid.filter(isReplayable))('writes $id byte for byte', (vector) => {
    checkReplay(vector, reported[vector.id] ?? []);
  });

  it.each(invalid)('refuses $id', checkInvalid);
}

function checkValid(vector: ValidCase, reported: readonly RuleName[]): void {
  const { keyBlock } = vector;
  const kbpk = fromHex(vector.kbpk);
  const { header, key, findings } = unwrapKey({ kbpk, keyBlock, validation: 'interoperable' });
  expect(toHex(key.expose())).toBe(vector.key);
  expect(key.algorithm).toBe(KEY_ALGORITHMS[vector.algorithm] ?? 'other');
  expect(header).toEqual(headerOf(vector));
  expect(verifyKeyBlock({ kbpk, keyBlock })).toBe(true);
  checkFindings(findings, vector, reported);

  const parsed = parseKeyBlock(keyBlock, { validation: 'interoperable' });
  expect(parsed.header).toEqual(header);
  expect(parsed.headerLength).toBe(vector.header.length);
  expect(parsed.keyBlockLength).toBe(keyBlock.length);
  expect(vector.header + parsed.payload + parsed.mac).toBe(keyBlock);
  expect(parseHeader(keyBlock)).toEqual({ header, headerLength: vector.header.length });
}

/** What strict validation refuses is reported, and nothing is reported that it would let pass. */
function checkFindings(
  findings: readonly Finding[],
  { strict, strictErrors = [] }: ValidCase,
  reported: readonly RuleName[],
): void {
  const refused = findings.filter(({ refusedByStrict }) => refusedByStrict);
  expect(refused.length > 0, `${refused.length} refused`).toBe(strict === 'reject');
  const codes = strictErrors.flatMap(errorCodes);
  for (const { code } of refused) expect(codes).toContain(code);
  const others = findings.filter(({ refusedByStrict }) => !refusedByStrict);
  expect(others.map(({ rule }) => rule)).toEqual(reported);
}

function checkStrict(vector: ValidCase): void {
  const { keyBlock, strict, strictErrors = [] } = vector;
  const kbpk = fromHex(vector.kbpk);
  if (strict === 'accept') {
    const { header, key } = unwrapKey({ kbpk, keyBlock });
    expect(toHex(key.expose())).toBe(vector.key);
    expect(header).toEqual(headerOf(vector));
    expect(parseKeyBlock(keyBlock).header).toEqual(header);
  } else {
    const { code } = thrownBy(() => unwrapKey({ kbpk, keyBlock, validation: 'strict' }));
    expect(strictErrors.flatMap(errorCodes)).toContain(code);
  }
}

/** Wraps the key again with the recorded padding as randomness. */
function checkReplay(vector: ValidCase, reported: readonly RuleName[]): void {
  const pad = fromHex(vector.randomPad);
  const asked: number[] = [];
  const header = headerOf(vector);
  const wrap = (...allow: Allow[]) =>
    wrapKey({
      kbpk: fromHex(vector.kbpk),
      key: fromHex(vector.key),
      header,
      maskedKeyLength: vector.key.length / 2 + pad.length,
      allow: ['version-a-or-c', ...allow],
      randomBytes: (length) => {
        asked.push(length);
        return pad;
      },
    });
  // What is only reported of a block that exists is not written unless it is allowed.
  const weaker = reported.some((rule) => rule.startsWith('weaker-kbpk'));
  if (weaker) expect(() => wrap()).toThrow(refusal('KEY_STRENGTH', 'key'));
  const keyBlock = weaker ? wrap('weaker-kbpk') : wrap();
  expect(keyBlock).toBe(vector.keyBlock);
  expect(asked).toEqual(pad.length === 0 ? [] : [pad.length]);
  expect(formatHeader({ header, keyBlockLength: keyBlock.length })).toBe(vector.header);
}

function checkInvalid({ kbpk: kbpkHex, keyBlock, stage, error, macValid }: InvalidCase): void {
  const kbpk = fromHex(kbpkHex);
  const codes = [...STAGE_CODES[stage], ...errorCodes(error)];
  const interoperable = thrownBy(() =>
    unwrapKey({ kbpk, keyBlock, validation: 'interoperable' }),
  ).code;
  expect(codes).toContain(interoperable);
  if (macValid) expect(interoperable).not.toBe('AUTHENTICATION_FAILED');
  expect([...codes, ...STRICT_ONLY_CODES]).toContain(
    thrownBy(() => unwrapKey({ kbpk, keyBlock })).code,
  );
  if (interoperable === 'AUTHENTICATION_FAILED' || interoperable === 'KBPK_MISMATCH') {
    expect(verifyKeyBlock({ kbpk, keyBlock })).toBe(false);
  } else if (interoperable === 'INVALID_PAYLOAD') {
    expect(verifyKeyBlock({ kbpk, keyBlock })).toBe(true);
  } else {
    expect(thrownBy(() => verifyKeyBlock({ kbpk, keyBlock })).code).toBe(interoperable);
    expect(thrownBy(() => parseKeyBlock(keyBlock, { validation: 'interoperable' })).code).toBe(
      interoperable,
    );
  }
}

/** The header of a case, as the library returns it. */
export function headerOf(vector: ValidCase): KeyBlockHeader {
  return {
    versionId: vector.version,
    keyUsage: vector.usage,
    algorithm: vector.algorithm,
    modeOfUse: vector.modeOfUse,
    keyVersionNumber: vector.keyVersion,
    exportability: vector.exportability,
    keyContext: vector.keyContext,
    optionalBlocks: vector.optionalBlocks.filter(({ id }) => id !== 'PB'),
  };
}

/** Whether this library would write the block as it is. */
export function isReplayable({ strict, flags = [], optionalBlocks, version }: ValidCase): boolean {
  if (strict !== 'accept' || flags.includes('NONMINIMAL_EXT_LENGTH')) return false;
  const padding = optionalBlocks.find(({ id }) => id === 'PB')?.data;
  const blockLength = version === 'D' || version === 'E' ? 16 : 8;
  // The shortest PB has less than one cipher block of filler, and its filler is 0.
  return padding === undefined || (padding.length < blockLength && /^0*$/.test(padding));
}
