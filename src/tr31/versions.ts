/** The five versions of key block: which binding method, cipher and lengths each has. */

/** Key block version ID, the first character of a key block. */
export type VersionId = 'A' | 'B' | 'C' | 'D' | 'E';

/** What follows from a version ID. */
export interface Version {
  readonly versionId: VersionId;
  readonly meaning: string;
  /** How KBEK and KBAK come from the KBPK, and how the payload is encrypted under KBEK. */
  readonly binding: 'variant' | 'tdes-cmac-cbc' | 'aes-cmac-cbc' | 'aes-cmac-ctr';
  /** Algorithm of the KBPK, and so of both derived keys. */
  readonly kbpkAlgorithm: 'TDES' | 'AES';
  /** Bytes of a KBPK. The 8 of versions A and C are read only, and in interoperable mode only. */
  readonly kbpkLengths: readonly number[];
  /** Bytes of a cipher block: optional blocks fill whole ones, and so does a CBC payload. */
  readonly blockLength: 8 | 16;
  /** Bytes of the MAC at the end. */
  readonly macLength: 4 | 8 | 16;
}

const VARIANT = {
  binding: 'variant',
  kbpkAlgorithm: 'TDES',
  kbpkLengths: [8, 16, 24],
  blockLength: 8,
  macLength: 4,
} as const;

const AES_BINDING = {
  kbpkAlgorithm: 'AES',
  kbpkLengths: [16, 24, 32],
  blockLength: 16,
  macLength: 16,
} as const;

/** TR-31:2005 (A), TR-31:2010 (B, C), TR-31:2018 and X9.143 (D), ISO 20038 (D, E). */
export const VERSIONS: Readonly<Record<VersionId, Version>> = {
  A: { versionId: 'A', meaning: 'TDES key variant binding (2005), deprecated', ...VARIANT },
  B: {
    versionId: 'B',
    meaning: 'TDES key derivation binding',
    binding: 'tdes-cmac-cbc',
    kbpkAlgorithm: 'TDES',
    kbpkLengths: [16, 24],
    blockLength: 8,
    macLength: 8,
  },
  C: { versionId: 'C', meaning: 'TDES key variant binding (2010), deprecated', ...VARIANT },
  D: {
    versionId: 'D',
    meaning: 'AES key derivation binding, CBC',
    binding: 'aes-cmac-cbc',
    ...AES_BINDING,
  },
  E: {
    versionId: 'E',
    meaning: 'AES key derivation binding, CTR (ISO 20038)',
    binding: 'aes-cmac-ctr',
    ...AES_BINDING,
  },
};
