/** DES of the runtime, for check values of TDES keys: in Node only. */
import { createCipheriv } from 'node:crypto';
import type { TdesZeroBlock } from './check-values.js';

/** TDES of OpenSSL: a key of two parts is one of three, the first repeated. */
export const tdesOfNode: TdesZeroBlock = (key) => {
  const whole = key.length === 24 ? key : Uint8Array.from([...key, ...key.subarray(0, 8)]);
  return createCipheriv('des-ede3', whole, null).update(new Uint8Array(8));
};
