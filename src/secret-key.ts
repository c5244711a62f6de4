/**
 * The handle that holds a clear key.
 *
 * @module
 */

import { KeyblockError, type KeyblockErrorField } from './errors.js';
import { fitsAlgorithm, isKeyAlgorithm, type KeyAlgorithm } from './primitives/algorithms.js';
import { copyBytes, own, requireObject } from './primitives/bytes.js';
import { defaultCheckValue } from './primitives/check-value.js';
import { type HashName, isHashName } from './primitives/hashes.js';

/** What {@link SecretKey} is made from. */
export interface SecretKeyOptions {
  /** What the key is for. */
  readonly algorithm: KeyAlgorithm;
  /** The clear key, copied: 16, 24 or 32 bytes for AES, 16 or 24 for TDES, 8 for DES. */
  readonly bytes: Uint8Array;
  /** The hash that an HMAC key belongs to. */
  readonly hash?: HashName | undefined;
}

/** A key where one is taken: a handle, or the clear bytes, which are copied. */
export type KeyInput = SecretKey | Uint8Array;

/** Something made from a key and kept with it, such as a key schedule. */
interface Destroyable {
  destroy(): void;
}

interface KeyState {
  readonly algorithm: KeyAlgorithm;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly hash: HashName | undefined;
  /** What was derived from the key, by name; gone when the key is destroyed. */
  derived: Map<string, Destroyable> | undefined;
  destroyed: boolean;
}

/** A key of the library's own, on its way into a handle: see `adoptKey`. */
let adopted: KeyState | undefined;

let stateOf: (value: unknown) => KeyState | undefined;

/**
 * Holds a clear key. Prints, serialises and inspects as its description, never as its bytes; the
 * one way to them is {@link SecretKey.expose}.
 *
 * Used as KBPK, a handle keeps its derived keys and key schedules: hold one handle for many blocks.
 *
 * It does not cross threads: pass the bytes of {@link SecretKey.expose} in `workerData`, with their
 * buffer in `transferList`, make a handle of them there, and wipe them.
 *
 * @example
 * ```ts
 * import { fromHex, SecretKey } from 'keyblock';
 *
 * const key = new SecretKey({
 *   algorithm: 'AES',
 *   bytes: fromHex('88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6'),
 * });
 * String(key); // 'SecretKey AES-256'
 * key.kcv(); // '2331550BC9'
 * ```
 */
export class SecretKey {
  readonly #state: KeyState;

  static {
    stateOf = (value) =>
      typeof value === 'object' && value !== null && #state in value ? value.#state : undefined;
    // What `console.log` prints in Node.
    const inspect = Symbol.for('nodejs.util.inspect.custom');
    Object.defineProperty(SecretKey.prototype, inspect, { value: SecretKey.prototype.toString });
    Object.freeze(SecretKey.prototype);
  }

  /**
   * @param options - The algorithm and the clear bytes; for HMAC also the hash.
   * @throws {@link KeyblockError} `INVALID_ARGUMENT`, or `INVALID_LENGTH` when the algorithm has no
   * keys of that length.
   */
  constructor(options: SecretKeyOptions) {
    this.#state = adopted ?? readState(options);
    Object.freeze(this);
  }

  /** What the key is for. */
  get algorithm(): KeyAlgorithm {
    return this.#state.algorithm;
  }

  /** Length of the bytes in bits: of the DER where the key is asymmetric. */
  get lengthBits(): number {
    return 8 * this.#state.bytes.length;
  }

  /** The hash that an HMAC key belongs to, where it is known. */
  get hash(): HashName | undefined {
    return this.#state.hash;
  }

  /**
   * Computes the check value by the method of the algorithm: CMAC for AES (5 bytes), a zero block
   * encrypted for TDES and DES (3 bytes), HMAC of nothing for HMAC (3 bytes).
   *
   * @returns Upper-case hex.
   * @throws {@link KeyblockError} `UNSUPPORTED` for asymmetric and other keys, `INVALID_ARGUMENT`
   * for an HMAC key without hash, `KEY_DESTROYED`.
   */
  kcv(): string {
    const { algorithm, bytes, hash } = liveState(this.#state);
    return defaultCheckValue(algorithm, bytes, hash);
  }

  /**
   * Hands out the clear bytes. The only door to them, named so that it can be searched for.
   *
   * @returns A copy.
   * @throws {@link KeyblockError} `KEY_DESTROYED`.
   */
  expose(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(liveState(this.#state).bytes);
  }

  /**
   * Overwrites the bytes and all that was derived from them. Best effort: JavaScript can not
   * promise that no copy is left in memory. Afterwards every use throws `KEY_DESTROYED`.
   */
  destroy(): void {
    const state = this.#state;
    state.destroyed = true;
    state.bytes.fill(0);
    for (const value of state.derived?.values() ?? []) value.destroy();
    state.derived = undefined;
  }

  /** The description: what the key is for and how long it is. */
  toString(): string {
    const { algorithm } = this;
    const sized = algorithm === 'AES' || algorithm === 'TDES' || algorithm === 'HMAC';
    return `SecretKey ${algorithm}${sized ? `-${this.lengthBits}` : ''}`;
  }

  /** The description again. */
  toJSON(): string {
    return this.toString();
  }
}

/** Checks what a caller gives, and copies the bytes. */
function readState(options: SecretKeyOptions): KeyState {
  requireObject(options, 'options');
  const algorithm = own(options, 'algorithm');
  if (!isKeyAlgorithm(algorithm)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'algorithm' });
  }
  const hash = own(options, 'hash');
  if (hash !== undefined && !isHashName(hash)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'hash' });
  }
  const bytes = copyBytes(own(options, 'bytes'), 'bytes');
  if (!fitsAlgorithm(algorithm, bytes.length)) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'bytes' });
  }
  return { algorithm, bytes, hash, derived: undefined, destroyed: false };
}

function liveState(state: KeyState, field: KeyblockErrorField = 'key'): KeyState {
  if (state.destroyed) throw new KeyblockError('KEY_DESTROYED', { field });
  return state;
}

/**
 * Runs an operation on a key that has not been destroyed, and is not while the operation runs: a
 * generator that destroys a key in the middle must not get a block sealed under its overwritten
 * schedule.
 */
function whileAlive<T>(state: KeyState, field: KeyblockErrorField, operation: () => T): T {
  liveState(state, field);
  const result = operation();
  liveState(state, field);
  return result;
}

/** A clear key as an operation needs it. */
export interface ClearKey {
  /** Undefined where the caller gave bytes. */
  readonly algorithm: KeyAlgorithm | undefined;
  readonly hash: HashName | undefined;
  /** Never to be written to. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Lends the clear bytes of a key to one operation. A caller's bytes are copied before, and the
 * copy is overwritten after.
 */
export function withClearKey<T>(
  key: KeyInput | undefined,
  field: KeyblockErrorField,
  use: (key: ClearKey) => T,
): T {
  const state = stateOf(key);
  if (state !== undefined) return whileAlive(state, field, () => use(state));
  const bytes = copyBytes(key, field);
  try {
    return use({ algorithm: undefined, hash: undefined, bytes });
  } finally {
    bytes.fill(0);
  }
}

/**
 * Lends what is derived from a key to one operation. A handle keeps it for the next; what comes
 * from a caller's bytes is destroyed after use.
 */
export function withDerived<D extends Destroyable, T>(
  key: KeyInput | undefined,
  field: KeyblockErrorField,
  name: string,
  derive: (key: ClearKey) => D,
  use: (derived: D) => T,
): T {
  const state = stateOf(key);
  if (state === undefined) {
    const derived = withClearKey(key, field, derive);
    try {
      return use(derived);
    } finally {
      derived.destroy();
    }
  }
  return whileAlive(state, field, () => {
    const kept = state.derived?.get(name) as D | undefined; // a name has one type
    if (kept !== undefined) return use(kept);
    const derived = derive(state);
    state.derived ??= new Map();
    state.derived.set(name, derived);
    return use(derived);
  });
}

/**
 * Makes a handle from bytes that nobody else holds, without a copy. Of whatever length: a key that
 * came out of an authentic block may have a wrong one, which interoperable validation reports.
 */
export function adoptKey(
  algorithm: KeyAlgorithm,
  bytes: Uint8Array<ArrayBuffer>,
  hash?: HashName | undefined,
): SecretKey {
  adopted = { algorithm, bytes, hash, derived: undefined, destroyed: false };
  try {
    return new SecretKey(adopted);
  } finally {
    adopted = undefined;
  }
}
