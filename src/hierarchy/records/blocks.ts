/** Keys in blocks: which main key a block is under, and how both are told apart. */

/**
 * One version of a main key: of a region (`eu-central-1`) or of a profile (`eu-central-1/shop`).
 */
export interface KeyRef {
  /** The ID of the region; of a profile with `/` and its own ID behind that. */
  readonly keyId: string;
  /** From 1 on; a number is never used again. */
  readonly version: number;
}

/** A key check value, and how it was computed. */
export interface Kcv {
  /** `cmac` of AES, 5 bytes; `legacy` of TDES, a zero block encrypted, and `hmac`, 3 bytes. */
  readonly method: 'legacy' | 'cmac' | 'hmac';
  /** Upper-case hex. */
  readonly value: string;
}

/** One stored key block: whose key it holds is authenticated inside, see `place.ts`. */
export interface BlockSlot {
  /** The main key that the block opens under: a copy for queries. */
  readonly under: KeyRef;
  /** The TR-31 / X9.143 text. */
  readonly block: string;
  /** Check value of that main key, which the block carries as KP. */
  readonly kbpkKcv: Kcv;
  /** SHA-256 of the text of the block, in lower-case hex. */
  readonly digest: string;
}
