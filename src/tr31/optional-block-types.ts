/**
 * What each optional block of the standard says, typed (X9.143 6.3.6).
 *
 * @module
 */

import type { HashName } from '../primitives/hashes.js';
import type { Certificate } from './certificates.js';

/** One derivation that optional block DA allows. */
export interface AllowedDerivation {
  /** Key usage of the derived key, two characters. */
  readonly keyUsage: string;
  /** Algorithm of the derived key. */
  readonly algorithm: string;
  /** Mode of use of the derived key. */
  readonly modeOfUse: string;
  /** Exportability of the derived key. */
  readonly exportability: string;
}

/** AL: how long an asymmetric key lives. */
export interface AsymmetricKeyLife {
  /** The ID. */
  readonly id: 'AL';
  /** How long the key lives. */
  readonly life: 'ephemeral' | 'static';
}

/** BI: which base derivation key this is, in hex. */
export interface BdkIdentifier {
  /** The ID. */
  readonly id: 'BI';
  /** The key set identifier of TDES DUKPT (10 digits), or the BDK ID of AES DUKPT (8 digits). */
  readonly dukpt: 'TDES' | 'AES';
  /** Upper-case hex. */
  readonly identifier: string;
}

/** CT: certificates of the public key. */
export interface PublicKeyCertificates {
  /** The ID. */
  readonly id: 'CT';
  /** @defaultValue `'single'` for one certificate, `'chain'` for more */
  readonly form?: 'single' | 'chain' | undefined;
  /** A chain starts with the end entity; the root is not part of it. */
  readonly certificates: readonly Certificate[];
}

/** DA: what may be derived from a key derivation key. */
export interface DerivationsAllowed {
  /** The ID. */
  readonly id: 'DA';
  /** At least one. */
  readonly derivations: readonly AllowedDerivation[];
}

/** HM: the hash of an HMAC key. */
export interface HmacHash {
  /** The ID. */
  readonly id: 'HM';
  /** The hash. */
  readonly hash: HashName;
}

/** IK: the initial key ID of AES DUKPT, 16 hex digits. */
export interface InitialKeyId {
  /** The ID. */
  readonly id: 'IK';
  /** Upper-case hex. */
  readonly initialKeyId: string;
}

/** KC, KP, PK: check value of the wrapped key, of the KBPK, of the export protection key. */
export interface CheckValue {
  /** The ID. */
  readonly id: 'KC' | 'KP' | 'PK';
  /** How the value was computed. */
  readonly method: 'legacy' | 'cmac';
  /** 4 to 6 hex digits for `'legacy'`, 4 to 10 for `'cmac'`. */
  readonly kcv: string;
}

/** KS: the initial key serial number of TDES DUKPT, 20 hex digits, 16 in old blocks. */
export interface KeySerialNumber {
  /** The ID. */
  readonly id: 'KS';
  /** Upper-case hex. */
  readonly keySerialNumber: string;
}

/** KV: the version of the key block values, four characters. Deprecated. */
export interface KeyBlockValues {
  /** The ID. */
  readonly id: 'KV';
  /** Four characters, `0000` by default. */
  readonly keyBlockValues: string;
}

/** LB: a label. */
export interface Label {
  /** The ID. */
  readonly id: 'LB';
  /** Printable ASCII. */
  readonly label: string;
}

/** TC, TS: when the key was created, when the block was made. */
export interface TimeStamp {
  /** The ID. */
  readonly id: 'TC' | 'TS';
  /** UTC: `YYYYMMDDhhmmssZ`, `YYYYMMDDhhmmssccZ`, `YYYY-MM-DDThh:mm:ssZ`, or with `.cc`. */
  readonly time: string;
}

/** WP: under what the key was ever wrapped. It may only get worse. */
export interface WrappingPedigree {
  /** The ID. */
  readonly id: 'WP';
  /** Once under a weaker key. */
  readonly weaker: boolean;
  /** Once under an asymmetric key, which a quantum computer could break. */
  readonly asymmetric: boolean;
}

/** FL and PA, whose formats are not public: the text as it is. */
export interface OpaqueData {
  /** The ID. */
  readonly id: 'FL' | 'PA';
  /** The data as it stands in the block. */
  readonly text: string;
}

/** IDs of two digits are proprietary and never interpreted: the text as it is. */
export interface ProprietaryData {
  /** The ID. */
  readonly id: `${number}`;
  /** The data as it stands in the block. */
  readonly text: string;
}

/** The typed data of an optional block. PB is the library's business and not among them. */
export type OptionalBlockData =
  | AsymmetricKeyLife
  | BdkIdentifier
  | PublicKeyCertificates
  | DerivationsAllowed
  | HmacHash
  | InitialKeyId
  | CheckValue
  | KeySerialNumber
  | KeyBlockValues
  | Label
  | TimeStamp
  | WrappingPedigree
  | OpaqueData
  | ProprietaryData;
