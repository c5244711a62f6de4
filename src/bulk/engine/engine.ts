/**
 * What an engine is: triple DES and AES over many blocks at once, under one key, without tables.
 *
 * An engine has 32 or 128 *lanes*. Every lane carries a message of its own (in `keyblock/bulk`: one
 * key block), and every operation acts on all lanes. Everything lies in one working memory of
 * 32-bit words and is addressed by word offsets into it. Data takes one of two shapes:
 *
 * - A *row* holds one word of every lane: 32 × `width` words. {@link laneOffset} says where in a
 *   row the word of a lane is. Bytes become words in big-endian order, so that byte 0 of a block is
 *   the most significant byte of its first row. A block of AES is four rows in order, one of DES
 *   two.
 * - A *plane* holds one bit of every lane: `width` words. The bit of lane `l` is bit `l & 31` of
 *   word `l >> 5`. A block of AES is 128 planes, one of DES 64, in the order that suits the cipher;
 *   {@link LaneCipher.planeOffset} says where the plane of a given bit of a given byte is.
 *
 * A block takes `blockWords` words in either shape, and the blocks of a message lie one after the
 * other. Text comes in and goes out as rows; ciphers, and all that happens between them, work on
 * planes, where XOR of two blocks is {@link Engine.xor} and a condition that differs from lane to
 * lane is a plane used as a mask. A lane without a message holds anything; nothing crosses lanes.
 *
 * CBC decryption of `n` blocks at `data`, for example, behind whose copy at `ciphertext` lies the
 * IV (all planes):
 *
 * ```ts no-run
 * engine.copy(ciphertext, data, n * blockWords);
 * for (let i = 0; i < n; i++) {
 *   const at = data + i * blockWords;
 *   key.decrypt(at);
 *   engine.xor(at, i === 0 ? iv : ciphertext + (i - 1) * blockWords, blockWords);
 * }
 * ```
 *
 * and one block of CMAC, the last one, with the subkey as a {@link LaneCipher.constant}:
 *
 * ```ts no-run
 * engine.xor(state, block, blockWords);
 * engine.xorConstant(state, subkey);
 * key.encrypt(state);
 * ```
 *
 * No operation looks up a table, or branches, by a value in the working memory or in a key.
 */

/** The names of the engines. */
export type EngineName = 'typescript' | 'wasm-simd';

/** One engine with its working memory. Not re-entrant, and used by one owner at a time. */
export interface Engine {
  readonly name: EngineName;

  /** How many messages go side by side: 32 or 128. */
  readonly lanes: number;

  /** Words in a plane: `lanes / 32`. */
  readonly width: number;

  /** Words in a row: `lanes`. */
  readonly rowWords: number;

  /**
   * The working memory. It is another array after {@link Engine.reserve} and after
   * {@link LaneCipher.prepare}: read the property again after either, and keep no view of it.
   */
  readonly words: Int32Array;

  readonly aes: LaneCipher;
  readonly tdes: LaneCipher;

  /**
   * Makes the working memory at least `length` words long. It starts without any; what is there
   * stays at its offsets, what is new is zero. Offsets are the caller's to give out: from 0, and
   * all of them multiples of `width`.
   */
  reserve(length: number): void;

  /** XORs `length` words at `from` to those at `to`: multiples of `width`, equal or disjoint. */
  xor(to: number, from: number, length: number): void;

  /** Copies `length` words. The places may overlap. */
  copy(to: number, from: number, length: number): void;

  /** Sets the block of planes at `to` to the same block in every lane. */
  setConstant(to: number, constant: PlaneConstant): void;

  /** XORs the same block to every lane of the block of planes at `to`. */
  xorConstant(to: number, constant: PlaneConstant): void;

  /**
   * Takes `planes` planes from `from` to `to` in those lanes whose bit is set in the plane at
   * `mask`; the other lanes of `to` stay as they are.
   */
  select(to: number, from: number, mask: number, planes: number): void;

  /** Wipes the working memory and all keys, this engine's last act. */
  destroy(): void;
}

/** One of the ciphers of an engine, and how it lays out a block. */
export interface LaneCipher {
  /** Bytes in a block: 16 for AES, 8 for triple DES. */
  readonly blockLength: number;

  /** Words in a block, as rows and as planes: a plane for every bit, 128 or 64. */
  readonly blockWords: number;

  /**
   * Where the plane of one bit of a message begins, from the start of its planes, in words. Bit 0
   * is the least significant one of its byte. `byte` may exceed a block: blocks follow each other.
   */
  planeOffset(byte: number, bit: number): number;

  /** Turns rows into planes, `blocks` times. The places do not overlap. */
  toPlanes(to: number, from: number, blocks: number): void;

  /** Turns planes into rows, `blocks` times. The places do not overlap. */
  fromPlanes(to: number, from: number, blocks: number): void;

  /** Spreads one block over planes, for the operations of the engine that take a constant. */
  constant(block: Uint8Array): PlaneConstant;

  /**
   * Adds one to the block of planes at `at` in every lane: a big-endian number, modulo its size.
   * What CTR mode counts with.
   */
  increment(at: number): void;

  /**
   * Prepares a key for both directions: 16, 24 or 32 bytes for AES; for triple DES 24, or 16 and 8,
   * which stand for K1 K2 K1 and K1 K1 K1. Other lengths never get here. The bytes are not kept.
   */
  prepare(key: Uint8Array): LaneKey;
}

/** A key in the form in which an engine works with it. Of no use to another engine. */
export interface LaneKey {
  /** Encrypts the block of planes at `at`, in place, in every lane. */
  encrypt(at: number): void;

  /** Decrypts the block of planes at `at`, in place, in every lane. */
  decrypt(at: number): void;

  /** Wipes the key, and gives its memory back. Nothing can be done with it afterwards. */
  destroy(): void;
}

/**
 * A word for every plane of a block, 0 or -1. Who made it of a secret, such as a subkey of CMAC,
 * wipes it: `fill(0)`.
 */
export type PlaneConstant = Int32Array;

/** Where in a row the word of a lane is. */
export function laneOffset({ width }: Pick<Engine, 'width'>, lane: number): number {
  return (lane & 31) * width + (lane >> 5);
}
