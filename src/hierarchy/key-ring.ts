/**
 * Main keys at hand, by their names: what a process can open blocks with.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { type KeyInput, SecretKey } from '../secret-key.js';
import { sameRef } from './identifiers.js';
import type { KeyRef } from './records.js';

/** Finds main keys. Whoever keeps them elsewhere brings his own. */
export interface KeyRing {
  /**
   * The key of a reference, where it is at hand.
   * @param ref - A version of a region or profile main key.
   */
  secret(ref: KeyRef): SecretKey | undefined;
}

/** A main key and its name. */
export interface KeyRingEntry {
  /** Which version of which main key it is. */
  readonly ref: KeyRef;
  /** The key: AES-256. */
  readonly key: KeyInput;
}

/**
 * Makes a ring of main keys. The handles given stay the caller's, to be destroyed by him; of bytes
 * the ring makes handles.
 *
 * @param options - The keys, each version once.
 * @returns The ring. It prints and serialises as nothing.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `INVALID_LENGTH` for what is not AES-256.
 *
 * @example
 * ```ts
 * import { generateKey } from 'keyblock';
 * import { createKeyRing } from 'keyblock/hierarchy';
 *
 * const key = generateKey({ algorithm: 'AES', lengthBits: 256 });
 * const ring = createKeyRing({ keys: [{ ref: { keyId: 'eu-central-1', version: 1 }, key }] });
 * ring.secret({ keyId: 'eu-central-1', version: 2 }); // undefined
 * ```
 */
export function createKeyRing(options: { readonly keys: readonly KeyRingEntry[] }): KeyRing {
  requireObject(options, 'options');
  const keys = own(options, 'keys');
  if (!Array.isArray(keys)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'ring' });
  const handles = new Map<string, SecretKey>();
  for (const entry of keys as readonly KeyRingEntry[]) {
    requireObject(entry, 'ring');
    const name = nameOf(readRef(own(entry, 'ref'), 'ring'));
    if (handles.has(name)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'ring' });
    handles.set(name, mainKey(own(entry, 'key')));
  }
  return Object.freeze({ secret: (ref: KeyRef) => handles.get(nameOf(readRef(ref))) });
}

/**
 * Takes a main key from a ring.
 *
 * @throws {@link KeyblockError} `UNKNOWN_KEY_VERSION`: the record that names it is older, or newer,
 * than what this process knows.
 */
export function secretOf(ring: KeyRing | undefined, ref: KeyRef): SecretKey {
  const key = findSecret(ring, ref);
  if (key === undefined) throw new KeyblockError('UNKNOWN_KEY_VERSION', { field: 'ring' });
  return key;
}

/** Looks for a main key in a ring. Throws `INVALID_ARGUMENT` for what is no ring. */
export function findSecret(ring: KeyRing | undefined, ref: KeyRef): SecretKey | undefined {
  requireObject(ring, 'ring');
  if (typeof ring?.secret !== 'function') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'ring' });
  }
  const key = ring.secret({ keyId: ref.keyId, version: ref.version });
  if (key !== undefined && !(key instanceof SecretKey)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'ring' });
  }
  return key;
}

/** A ring that knows one more key, such as the one that a job has just generated. */
export function withSecret(ring: KeyRing, ref: KeyRef, key: SecretKey): KeyRing {
  return Object.freeze({
    secret: (wanted: KeyRef) => (sameRef(wanted, ref) ? key : ring.secret(wanted)),
  });
}

/** Reads a reference to a version of a main key. */
export function readRef(ref: KeyRef | undefined, field: 'slot' | 'ring' = 'slot'): KeyRef {
  requireObject(ref, field);
  const keyId = ref && own(ref, 'keyId');
  const version = ref && own(ref, 'version');
  const isVersion = typeof version === 'number' && Number.isSafeInteger(version) && version >= 1;
  if (typeof keyId !== 'string' || keyId === '' || !isVersion) {
    throw new KeyblockError('INVALID_ARGUMENT', { field });
  }
  return { keyId, version };
}

function nameOf({ keyId, version }: KeyRef): string {
  return `${version}:${keyId}`;
}

/** Main keys are AES-256: the strength that everything below them rests on. */
function mainKey(input: KeyInput | undefined): SecretKey {
  const key =
    input instanceof SecretKey
      ? input
      : new SecretKey({ algorithm: 'AES', bytes: input as Uint8Array }); // checked in there
  if (key.algorithm !== 'AES' || key.lengthBits !== 256) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'key' });
  }
  return key;
}
