/**
 * The code tables of the header: what each character may be and what it means.
 *
 * Modes and algorithms of a usage are what implementations list as sensible. They are advice: the
 * examples of ISO 20038 themselves break them, and many HSMs write mode `N` everywhere.
 */

import type { KeyAlgorithm } from '../primitives/algorithms.js';

/** A code of the standard, or one that this library does not know but carries along. */
export type Code<Known extends string> = Known | (string & Record<never, never>);

/** Key usage, X9.143 6.3.1 table 2. */
export type KeyUsage =
  | 'B0'
  | 'B1'
  | 'B2'
  | 'B3'
  | 'C0'
  | 'D0'
  | 'D1'
  | 'D2'
  | 'D3'
  | 'E0'
  | 'E1'
  | 'E2'
  | 'E3'
  | 'E4'
  | 'E5'
  | 'E6'
  | 'E7'
  | 'I0'
  | 'K0'
  | 'K1'
  | 'K2'
  | 'K3'
  | 'K4'
  | 'M0'
  | 'M1'
  | 'M2'
  | 'M3'
  | 'M4'
  | 'M5'
  | 'M6'
  | 'M7'
  | 'M8'
  | 'P0'
  | 'P1'
  | 'S0'
  | 'S1'
  | 'S2'
  | 'V0'
  | 'V1'
  | 'V2'
  | 'V3'
  | 'V4'
  | 'V5';

/** One row of the usage table. */
export interface UsageRow {
  readonly meaning: string;
  /** First edition: TR-31:2005, 2010, 2018, or X9.143:2021. */
  readonly since: '05' | '10' | '18' | 'X';
  /** Modes of use that fit. */
  readonly modes: string;
  /** Algorithms that fit. */
  readonly algorithms: string;
}

/** X9.143 6.3.1 table 2. */
export const KEY_USAGES: Readonly<Record<KeyUsage, UsageRow>> = {
  B0: { meaning: 'base derivation key (BDK)', since: '05', modes: 'X', algorithms: 'TA' },
  B1: { meaning: 'DUKPT initial key (IK, IPEK)', since: '10', modes: 'X', algorithms: 'TA' },
  B2: { meaning: 'base key variant key, deprecated', since: '18', modes: 'XY', algorithms: 'T' },
  B3: { meaning: 'key derivation key, not X9.24', since: 'X', modes: 'X', algorithms: 'TA' },
  C0: { meaning: 'card verification key (CVK)', since: '05', modes: 'CGV', algorithms: 'TA' },
  D0: { meaning: 'data encryption key, symmetric', since: '05', modes: 'BDE', algorithms: 'TAD' },
  D1: { meaning: 'data encryption key, asymmetric', since: '18', modes: 'BDE', algorithms: 'RE' },
  D2: {
    meaning: 'data encryption key for a decimalization table',
    since: '18',
    modes: 'BDE',
    algorithms: 'TAD',
  },
  D3: {
    meaning: 'data encryption key for sensitive data',
    since: 'X',
    modes: 'BDE',
    algorithms: 'TA',
  },
  E0: {
    meaning: 'EMV issuer master key: application cryptograms',
    since: '05',
    modes: 'X',
    algorithms: 'TA',
  },
  E1: {
    meaning: 'EMV issuer master key: secure messaging for confidentiality',
    since: '05',
    modes: 'X',
    algorithms: 'TA',
  },
  E2: {
    meaning: 'EMV issuer master key: secure messaging for integrity',
    since: '05',
    modes: 'X',
    algorithms: 'TA',
  },
  E3: {
    meaning: 'EMV issuer master key: data authentication code',
    since: '05',
    modes: 'X',
    algorithms: 'TA',
  },
  E4: {
    meaning: 'EMV issuer master key: dynamic numbers',
    since: '05',
    modes: 'X',
    algorithms: 'TA',
  },
  E5: {
    meaning: 'EMV issuer master key: card personalization',
    since: '05',
    modes: 'X',
    algorithms: 'TA',
  },
  E6: { meaning: 'EMV issuer master key: other', since: '10', modes: 'X', algorithms: 'TA' },
  E7: {
    meaning: 'EMV asymmetric key pair for PIN encryption',
    since: 'X',
    modes: 'BDE',
    algorithms: 'RE',
  },
  I0: { meaning: 'initialization vector', since: '05', modes: 'N', algorithms: 'TAD' },
  K0: {
    meaning: 'key encryption or wrapping key (KEK)',
    since: '05',
    modes: 'BDE',
    algorithms: 'TA',
  },
  K1: {
    meaning: 'key block protection key (KBPK), X9.143',
    since: '10',
    modes: 'BDE',
    algorithms: 'TA',
  },
  K2: { meaning: 'asymmetric key for TR-34 (KRD)', since: '18', modes: 'BDE', algorithms: 'R' },
  K3: {
    meaning: 'asymmetric key for key wrapping or agreement',
    since: '18',
    modes: 'BDEX',
    algorithms: 'RE',
  },
  K4: { meaning: 'key block protection key, ISO 20038', since: 'X', modes: 'BDE', algorithms: 'A' },
  M0: { meaning: 'MAC, ISO 16609 algorithm 1 (TDES)', since: '05', modes: 'CGV', algorithms: 'T' },
  M1: {
    meaning: 'MAC, ISO 9797-1 algorithm 1 (CBC-MAC)',
    since: '05',
    modes: 'CGV',
    algorithms: 'TDA',
  },
  M2: { meaning: 'MAC, ISO 9797-1 algorithm 2', since: '05', modes: 'CGV', algorithms: 'TDA' },
  M3: {
    meaning: 'MAC, ISO 9797-1 algorithm 3 (retail MAC)',
    since: '05',
    modes: 'CGV',
    algorithms: 'T',
  },
  M4: { meaning: 'MAC, ISO 9797-1 algorithm 4', since: '05', modes: 'CGV', algorithms: 'T' },
  M5: { meaning: 'MAC, ISO 9797-1:1999 algorithm 5', since: '05', modes: 'CGV', algorithms: 'TD' },
  M6: {
    meaning: 'MAC, ISO 9797-1:2011 algorithm 5 (CMAC)',
    since: '18',
    modes: 'CGV',
    algorithms: 'TA',
  },
  M7: { meaning: 'HMAC', since: '18', modes: 'CGV', algorithms: 'HIJ' },
  M8: { meaning: 'MAC, ISO 9797-1:2011 algorithm 6', since: '18', modes: 'CGV', algorithms: 'T' },
  P0: { meaning: 'PIN encryption key', since: '05', modes: 'BDE', algorithms: 'TA' },
  P1: { meaning: 'PIN generation key', since: 'X', modes: 'CGV', algorithms: 'TA' },
  S0: {
    meaning: 'asymmetric key pair for digital signature',
    since: '18',
    modes: 'SV',
    algorithms: 'RES',
  },
  S1: {
    meaning: 'asymmetric key pair of a certification authority',
    since: '18',
    modes: 'SV',
    algorithms: 'RES',
  },
  S2: {
    meaning: 'asymmetric key pair, not X9.24',
    since: '18',
    modes: 'SVTBDE',
    algorithms: 'RES',
  },
  V0: {
    meaning: 'PIN verification key, other algorithm',
    since: '05',
    modes: 'CGV',
    algorithms: 'TA',
  },
  V1: { meaning: 'PIN verification key, IBM 3624', since: '05', modes: 'CGV', algorithms: 'TAD' },
  V2: { meaning: 'PIN verification key, Visa PVV', since: '05', modes: 'CGV', algorithms: 'TAD' },
  V3: {
    meaning: 'PIN verification key, X9.132 algorithm 1',
    since: '10',
    modes: 'CGV',
    algorithms: 'TA',
  },
  V4: {
    meaning: 'PIN verification key, X9.132 algorithm 2',
    since: '10',
    modes: 'CGV',
    algorithms: 'TA',
  },
  V5: {
    meaning: 'PIN verification key, X9.132 algorithm 3',
    since: 'X',
    modes: 'CGV',
    algorithms: 'TA',
  },
};

/** Algorithm of the wrapped key, X9.143 6.3.2 table 3; I and J in ISO 20038 only. */
export type AlgorithmCode = 'A' | 'D' | 'E' | 'H' | 'I' | 'J' | 'R' | 'S' | 'T';

/** X9.143 6.3.2 table 3, ISO 20038 table A.4. */
export const ALGORITHMS: Readonly<Record<AlgorithmCode, { readonly meaning: string }>> = {
  A: { meaning: 'AES' },
  D: { meaning: 'single DES, for backward compatibility' },
  E: { meaning: 'elliptic curve' },
  H: { meaning: 'HMAC' },
  I: { meaning: 'HMAC with SHA-2 (ISO 20038)' },
  J: { meaning: 'HMAC with SHA-3 (ISO 20038)' },
  R: { meaning: 'RSA' },
  S: { meaning: 'DSA' },
  T: { meaning: 'triple DES' },
};

/** Mode of use, X9.143 6.3.3 table 4. */
export type ModeOfUse = 'B' | 'C' | 'D' | 'E' | 'G' | 'N' | 'S' | 'T' | 'V' | 'X' | 'Y';

/** X9.143 6.3.3 table 4; T from TR-31:2018. `narrows` lists what a mode may be restricted to. */
export const MODES_OF_USE: Readonly<
  Record<ModeOfUse, { readonly meaning: string; readonly narrows: string }>
> = {
  B: { meaning: 'encrypt and decrypt, wrap and unwrap', narrows: 'BDE' },
  C: { meaning: 'generate and verify MACs', narrows: 'CGV' },
  D: { meaning: 'decrypt or unwrap only', narrows: 'D' },
  E: { meaning: 'encrypt or wrap only', narrows: 'E' },
  G: { meaning: 'generate MACs only', narrows: 'G' },
  N: { meaning: 'no special restriction, or not applicable', narrows: 'NBCDEGSTVXY' },
  S: { meaning: 'sign only', narrows: 'S' },
  T: { meaning: 'sign and decrypt', narrows: 'TSD' },
  V: { meaning: 'verify MACs or signatures only', narrows: 'V' },
  X: { meaning: 'derive keys', narrows: 'X' },
  Y: { meaning: 'create key variants', narrows: 'Y' },
};

/** Exportability, X9.143 6.3.5 table 6. */
export type Exportability = 'E' | 'N' | 'S';

/** X9.143 6.3.5 table 6: a translation may only narrow, S to E to N. */
export const EXPORTABILITIES: Readonly<
  Record<Exportability, { readonly meaning: string; readonly narrows: string }>
> = {
  E: { meaning: 'exportable in a trusted key block only', narrows: 'EN' },
  N: { meaning: 'not exportable', narrows: 'N' },
  S: { meaning: 'sensitive: exportable in other forms too', narrows: 'SEN' },
};

/** Key context, X9.143 6.2 table 1. */
export type KeyContext = '0' | '1' | '2';

/** X9.143 6.2 table 1; reserved in TR-31:2018 and before. */
export const KEY_CONTEXTS: Readonly<
  Record<KeyContext, { readonly meaning: string; readonly narrows: string }>
> = {
  '0': { meaning: 'storage or exchange, decided by the wrapping key', narrows: '012' },
  '1': { meaning: 'storage only', narrows: '1' },
  '2': { meaning: 'exchange only', narrows: '2' },
};

/** Looks a code up, in the table's own rows only. */
export function lookUp<Row>(table: Readonly<Record<string, Row>>, code: string): Row | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined;
}

/** What the key of a header's algorithm letter is for; `'other'` for letters not known. */
export function keyAlgorithm(code: string): KeyAlgorithm {
  switch (code) {
    case 'A':
      return 'AES';
    case 'T':
      return 'TDES';
    case 'D':
      return 'DES';
    case 'H':
    case 'I':
    case 'J':
      return 'HMAC';
    case 'R':
      return 'RSA';
    case 'E':
      return 'EC';
    case 'S':
      return 'DSA';
    default:
      return 'other';
  }
}
