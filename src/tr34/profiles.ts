/**
 * The dialects of key tokens, and how to tell them apart (docs/tr34-profiles.md).
 *
 * @module
 */

/**
 * A dialect of key tokens:
 * - `'tr34-2019'` the structure that Annex B prints since its corrigendum
 * - `'annex-b'` the same with the attributes in the printed order: for sending only
 * - `'tr34-2019-print'` as first printed in 2019: the ciphertext inside the algorithm
 * - `'x9-tr34-2012'` what AWS Payment Cryptography and most HSMs take
 * - `'annex-d'` the ASN.1 of Annex D to the letter
 * - `'cms'` RFC 5652 to the letter
 * - `'ec'` key agreement on P-384 or P-521, for keys that no RSA key in use may carry
 */
export type Profile =
  | 'tr34-2019'
  | 'annex-b'
  | 'tr34-2019-print'
  | 'x9-tr34-2012'
  | 'annex-d'
  | 'cms'
  | 'ec';

/** How a profile writes what another writes otherwise. */
export interface ProfileShape {
  /** Version of SignedData. */
  readonly version: 1 | 3;
  /** Whether the envelope has its tag and length. */
  readonly form: 'whole' | 'contents';
  /** Where the ciphertext stands. */
  readonly placement: 'beside' | 'inside';
  /** Whether the OAEP parameters have the tags of RFC 8017. */
  readonly taggedOaep: boolean;
  /** Whether the signature algorithm names its hash. */
  readonly namesHash: boolean;
  /** Whether the signed attributes are sorted as DER wants. */
  readonly sorted: boolean;
  readonly keyBlock: 'annex-b' | 'annex-d';
}

const ANNEX_B = {
  version: 1,
  form: 'whole',
  placement: 'beside',
  taggedOaep: false,
  namesHash: false,
  sorted: false,
  keyBlock: 'annex-b',
} as const;

const RFC_5652 = {
  version: 3,
  form: 'whole',
  placement: 'beside',
  taggedOaep: true,
  namesHash: true,
  sorted: true,
  keyBlock: 'annex-b',
} as const;

/** How each profile is written. */
export const PROFILES: Readonly<Record<Profile, ProfileShape>> = {
  'tr34-2019': { ...ANNEX_B, sorted: true },
  'annex-b': ANNEX_B,
  'tr34-2019-print': { ...ANNEX_B, placement: 'inside' },
  'x9-tr34-2012': { ...ANNEX_B, form: 'contents', placement: 'inside' },
  'annex-d': { ...RFC_5652, keyBlock: 'annex-d' },
  cms: RFC_5652,
  ec: RFC_5652,
};

/** Whether a value names a profile. */
export function isProfile(name: unknown): name is Profile {
  return typeof name === 'string' && Object.hasOwn(PROFILES, name);
}
