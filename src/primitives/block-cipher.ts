/** A block cipher under one key, its key schedule ready. Blocks are transformed in place. */
export interface BlockCipher {
  /** Bytes of a block: 8 for DES and TDES, 16 for AES. */
  readonly blockLength: 8 | 16;
  /** Encrypts the block that starts at `offset`. */
  encryptBlock(bytes: Uint8Array, offset: number): void;
  /** Decrypts the block that starts at `offset`. */
  decryptBlock(bytes: Uint8Array, offset: number): void;
  /** Overwrites the key schedule. */
  destroy(): void;
}
