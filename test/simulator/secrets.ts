/** Looks for clear keys in everything that leaves the library: hex and base64, of any alignment. */

/** Eight bytes of a key tell it: no text has those by chance. */
const BYTES = 8;
const HEX = BYTES * 2;
const BASE64 = 10;

/** A detector of known secrets. */
export interface LeakDetector {
  /** Makes a secret known. */
  add(secret: Uint8Array): void;
  /** Whether a text has a part of a secret in it. */
  leaksIn(text: string): boolean;
  readonly size: number;
}

/** Makes a detector that knows nothing yet. */
export function createLeakDetector(): LeakDetector {
  const hex = new Set<string>();
  const base64 = new Set<string>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(secret) {
      size += 1;
      for (let at = 0; at + BYTES <= secret.length; at += BYTES) {
        hex.add(toHex(secret.subarray(at, at + BYTES)));
      }
      // By which byte of a group of three the secret begins: whole digits of it in each case.
      for (const skip of [0, 1, 2]) {
        base64.add(btoa(String.fromCharCode(...secret.subarray(skip, skip + 9))).slice(0, BASE64));
      }
    },
    leaksIn(text) {
      return (
        hasRun(text.toLowerCase(), /[0-9a-f]{16,}/g, HEX, hex) ||
        hasRun(text, /[0-9A-Za-z+/]{10,}/g, BASE64, base64)
      );
    },
  };
}

/** Whether any window of any run of digits is known. */
function hasRun(text: string, runs: RegExp, width: number, known: ReadonlySet<string>): boolean {
  for (const [run] of text.matchAll(runs)) {
    for (let at = 0; at + width <= run.length; at++) {
      if (known.has(run.slice(at, at + width))) return true;
    }
  }
  return false;
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
