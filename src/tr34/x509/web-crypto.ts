/** The one door to Web Crypto. */

import { KeyblockError } from '../../errors.js';

/**
 * Returns the asynchronous half of Web Crypto.
 *
 * @throws {@link KeyblockError} `UNSUPPORTED` where there is none: a page that was not loaded over
 * a secure connection.
 */
export function webCrypto(): SubtleCrypto {
  const subtle = findWebCrypto();
  if (subtle === undefined) throw new KeyblockError('UNSUPPORTED');
  return subtle;
}

/** Returns the asynchronous half of Web Crypto, if there is one. */
export function findWebCrypto(): SubtleCrypto | undefined {
  // biome-ignore lint/nursery/noJsRestrictedProperties: TR-34 is asynchronous, and RSA is not ours
  return crypto.subtle;
}
