/**
 * The rules that strict validation refuses by and interoperable validation reports: attribute
 * values and policy. Structure, MAC and payload are never among them.
 *
 * @module
 */

import { KeyblockError, type KeyblockErrorCode, type KeyblockErrorField } from '../errors.js';
import { own } from '../primitives/bytes.js';
import { lookUp } from './codes.js';
import { given } from './given.js';

/**
 * How much is demanded of a block beyond sound structure, the MAC and a sound payload:
 * `'strict'` refuses what breaks a rule, `'interoperable'` reports it as a {@link Finding}.
 */
export type Validation = 'strict' | 'interoperable';

/** Every rule, by the word that lifts it. */
export const RULES = {
  'lower-case-hex': {
    code: 'INVALID_HEX',
    message: 'Hex digits are in lower case; the standard writes upper case.',
    strict: 'refuses unless allowed',
  },
  'unknown-attribute': {
    code: 'INVALID_HEADER',
    message: 'The value is not one that the standard defines for this field.',
    strict: 'refuses unless allowed',
  },
  'unknown-optional-block': {
    code: 'INVALID_OPTIONAL_BLOCK',
    message: 'The ID is neither one of the standard nor a proprietary one of two digits.',
    strict: 'refuses unless allowed',
  },
  'optional-block-data': {
    code: 'INVALID_OPTIONAL_BLOCK',
    message: 'The data does not have the format that the standard gives this ID.',
    strict: 'refuses unless allowed',
  },
  'optional-block-order': {
    code: 'INVALID_OPTIONAL_BLOCK',
    message: 'The padding block PB is not the last optional block.',
    strict: 'refuses unless allowed',
  },
  'extended-length-form': {
    code: 'INVALID_OPTIONAL_BLOCK',
    message: 'The extended length has a length of length other than 04.',
    strict: 'refuses unless allowed',
  },
  'hmac-without-hash': {
    code: 'INVALID_OPTIONAL_BLOCK',
    message: 'Algorithm H needs optional block HM, which names the hash.',
    strict: 'refuses unless allowed',
  },
  'derivations-outside-b3': {
    code: 'INVALID_OPTIONAL_BLOCK',
    message: 'Optional block DA belongs to key usage B3 only.',
    strict: 'refuses unless allowed',
  },
  'single-des-kbpk': {
    code: 'WEAK_KEY',
    message: 'The KBPK is a single DES key.',
    strict: 'refuses',
  },
  'weaker-kbpk': {
    code: 'KEY_STRENGTH',
    message: 'The KBPK is weaker than the key it protects.',
    strict: 'refuses unless allowed',
  },
  'key-length': {
    code: 'INVALID_PAYLOAD',
    message: 'The key has a length that its algorithm does not have.',
    strict: 'refuses unless allowed',
  },
  'kcv-mismatch': {
    code: 'KCV_MISMATCH',
    message: 'The check value in KC or KP is not that of the key it describes.',
    strict: 'refuses unless allowed',
  },
  'extended-length-not-needed': {
    code: 'INVALID_OPTIONAL_BLOCK',
    message: 'The extended length is used for a block that fits the short one.',
    strict: 'reports',
  },
  'weaker-kbpk-asymmetric': {
    code: 'KEY_STRENGTH',
    message: 'The KBPK is weaker than the asymmetric or HMAC key it protects.',
    strict: 'reports',
  },
  'weaker-kbpk-parts': {
    code: 'KEY_STRENGTH',
    message: 'The KBPK has equal parts, which makes it weaker than the key it protects.',
    strict: 'reports',
  },
  'key-encoding': {
    code: 'INVALID_PAYLOAD',
    message: 'The asymmetric key is not the DER structure expected, or does not fill its length.',
    strict: 'reports',
  },
  'weak-key': {
    code: 'WEAK_KEY',
    message: 'The wrapped DES or TDES key is a weak key or has equal parts.',
    strict: 'reports',
  },
} as const;

/** Name of a rule. */
export type RuleName = keyof typeof RULES;

/**
 * What a caller may still need: a rule of strict validation to lift, versions A and C to be
 * written, or the extended length of TR-31:2018 to be read, where the length of length counts
 * pairs of digits.
 */
export type Allow =
  | 'version-a-or-c'
  | 'tr31-2018-extended-length'
  | 'lower-case-hex'
  | 'unknown-attribute'
  | 'unknown-optional-block'
  | 'optional-block-data'
  | 'optional-block-order'
  | 'extended-length-form'
  | 'hmac-without-hash'
  | 'derivations-outside-b3'
  | 'weaker-kbpk'
  | 'key-length'
  | 'kcv-mismatch';

/** Something that a block breaks or that its reader should know. */
export interface Finding {
  /** Name of the rule; where `allow` takes the word, it lifts the rule. */
  readonly rule: RuleName;
  /** The error code with which strict validation refuses, or would. */
  readonly code: KeyblockErrorCode;
  /** The header field or part of the block. */
  readonly field: KeyblockErrorField;
  /** Offset in the text, where there is one place to point at. */
  readonly offset?: number | undefined;
  /** The rule in one sentence. */
  readonly message: string;
  /** Whether strict validation refuses the block for it, unless it is allowed. */
  readonly refusedByStrict: boolean;
}

/** A place where a rule is broken. */
export interface Issue {
  readonly rule: RuleName;
  readonly field: KeyblockErrorField;
  readonly offset?: number | undefined;
}

/** Validation and `allow` of one call, checked. */
export interface Policy {
  readonly strict: boolean;
  readonly allow: ReadonlySet<string>;
}

const NOTHING: ReadonlySet<string> = /* @__PURE__ */ new Set();
const STRICT: Policy = { strict: true, allow: NOTHING };

/** What a caller may allow where validation is interoperable in any case. */
export interface AllowOptions {
  /** Only `'tr31-2018-extended-length'` makes a difference here. */
  readonly allow?: readonly Allow[] | undefined;
}

/** Reading structure only: every rule is reported, none refuses. */
export function readReportOnly(options: AllowOptions): Policy {
  return { strict: false, allow: readAllow(given(options).allow) };
}

/** Reads `validation` and `allow` from a caller's options. */
export function readPolicy(options: {
  readonly validation?: Validation | undefined;
  readonly allow?: readonly Allow[] | undefined;
}): Policy {
  const { validation, allow } = given(options);
  if (validation === undefined && allow === undefined) return STRICT;
  if (validation !== undefined && validation !== 'strict' && validation !== 'interoperable') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'validation' });
  }
  return { strict: validation !== 'interoperable', allow: readAllow(allow) };
}

function readAllow(allow: readonly Allow[] | undefined): ReadonlySet<string> {
  if (allow === undefined) return NOTHING;
  if (!Array.isArray(allow)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'allow' });
  const words = [...allow]; // once, holes included
  if (!words.every(isAllowWord)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'allow' });
  return new Set(words);
}

function isAllowWord(word: unknown): boolean {
  if (word === 'version-a-or-c' || word === 'tr31-2018-extended-length') return true;
  return typeof word === 'string' && lookUp(RULES, word)?.strict === 'refuses unless allowed';
}

/** Throws for the first issue that the policy refuses; returns the others as findings. */
export function settle(issues: readonly Issue[], policy: Policy): Finding[] {
  return issues.map((issue) => {
    const { rule, field } = issue;
    const offset = own(issue, 'offset');
    const { code, message, strict } = RULES[rule];
    const refusedByStrict = strict !== 'reports';
    if (refusedByStrict && policy.strict && !policy.allow.has(rule)) {
      throw new KeyblockError(code, { field, offset });
    }
    return { rule, code, field, offset, message, refusedByStrict };
  });
}
