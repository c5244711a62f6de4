/** All 65,536 values of the first two bytes of the MAC, in every version. */

import { describe, expect, it } from 'vitest';
import { KBPK_LENGTHS, VALIDATIONS } from './matrix.js';
import { sweepAuthenticator, sweepSample } from './oracle.js';

describe('the first two bytes of the MAC', () => {
  it.each(KBPK_LENGTHS)('fail in one way only, version %s', (versionId) => {
    for (const validation of VALIDATIONS) {
      const { signatures, attempts } = sweepAuthenticator(
        sweepSample(versionId),
        65_536,
        validation,
      );
      expect(attempts).toBe(65_536);
      expect(signatures.size).toBe(1);
      expect([...signatures][0]).toContain('"code":"AUTHENTICATION_FAILED"');
    }
  });
});
