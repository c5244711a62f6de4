import { KeyblockError, type KeyblockErrorField } from '../errors.js';

const typedArray = /* @__PURE__ */ Object.getPrototypeOf(Uint8Array.prototype);

/** The name that a typed array of any realm carries inside, where nobody can set it. */
const typedArrayName = /* @__PURE__ */ Object.getOwnPropertyDescriptor(
  typedArray,
  Symbol.toStringTag,
)?.get;

/** Its length: an array may have a property of that name, which is another. */
const typedArrayLength = /* @__PURE__ */ Object.getOwnPropertyDescriptor(typedArray, 'length')?.get;

/** True for a Node `Buffer`, and for a `Uint8Array` of another realm (iframe, worker, Jest). */
export function isBytes(value: unknown): value is Uint8Array {
  return typedArrayName?.call(value) === 'Uint8Array';
}

/** How many bytes there are, whatever an array says of itself; none where they were transferred. */
export function trueLength(bytes: Uint8Array): number {
  return typedArrayLength?.call(bytes);
}

/** Copies a caller's bytes once, so that nothing the caller does later reaches them. */
export function copyBytes(value: unknown, field: KeyblockErrorField): Uint8Array<ArrayBuffer> {
  if (!isBytes(value)) throw new KeyblockError('INVALID_ARGUMENT', { field });
  try {
    // Not `.slice()`: that of a Node `Buffer` shares its memory.
    return new Uint8Array(value);
  } catch {
    // The memory behind the array was transferred to somebody else.
    throw new KeyblockError('INVALID_ARGUMENT', { field });
  }
}

/**
 * Compares secrets without an early exit: the work depends on the lengths alone. Lengths are
 * public here: a MAC's and a check value's follow from the version and the method.
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  // In range: both arrays have this length.
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

/** XORs `bytes` into `target`, which is at least as long. */
export function xorInto(target: Uint8Array, bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) {
    target[i] = (target[i] as number) ^ (bytes[i] as number); // both in range
  }
}

/**
 * Reads one option of a caller's object, its own property only: what somebody put on
 * `Object.prototype` is not an option.
 */
export function own<T extends object, K extends keyof T>(options: T, name: K): T[K] | undefined {
  return Object.hasOwn(options, name) ? options[name] : undefined;
}

/** Refuses what is not an object to read options from. */
export function requireObject(value: unknown, field: KeyblockErrorField): void {
  if (typeof value !== 'object' || value === null) {
    throw new KeyblockError('INVALID_ARGUMENT', { field });
  }
}
