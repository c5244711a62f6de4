/** What a binding method makes of a KBPK (X9.143 7): two derived keys, and their use. */

/** KBEK and KBAK with their key schedules, and what they do to a block. */
export interface BlockKeys {
  readonly kbpk: Uint8Array<ArrayBuffer>;
  /** Key block encryption key. */
  readonly kbek: Uint8Array<ArrayBuffer>;
  /** Key block authentication key. */
  readonly kbak: Uint8Array<ArrayBuffer>;
  /** Which form of the payload stands under the MAC. */
  readonly macCovers: 'ciphertext' | 'plaintext';
  /** MAC over header and payload. */
  computeMac(message: Uint8Array): Uint8Array<ArrayBuffer>;
  /** Encrypts the payload, which follows the header. The message or the MAC gives the IV. */
  encrypt(message: Uint8Array, headerLength: number, mac: Uint8Array): void;
  /** Decrypts the payload. */
  decrypt(message: Uint8Array, headerLength: number, mac: Uint8Array): void;
  /** Overwrites all keys and key schedules. */
  destroy(): void;
}
