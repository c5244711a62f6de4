import { afterEach, describe, expect, it } from 'vitest';
import { customerPath, customerPlace, profilePlace } from '../../../src/hierarchy/place.js';

const DIGEST = '0123456789abcdef'.repeat(4);
const CUSTOMER = { regionId: 'eu', profileId: 'shop', keyId: 'key-1' };
const PROFILE = { regionId: 'eu', profileId: 'shop', configDigest: DIGEST };

const inherited = Object.prototype as Record<string, unknown>;

afterEach(() => {
  delete inherited['configDigest'];
  delete inherited['keyId'];
});

describe('places', () => {
  it('go from the general to the specific, with a part of the digest', () => {
    expect(customerPlace(CUSTOMER, DIGEST)).toBe('kb1;c;eu;shop;0123456789abcdef;key-1');
    expect(customerPath(PROFILE, DIGEST)).toBe('kb1;c;eu;shop;0123456789abcdef;');
    expect(profilePlace(PROFILE, 3)).toBe('kb1;p;eu;shop;0123456789abcdef;3');
  });

  it('take the digest of a customer key from its profile, whatever the row has', () => {
    const row = { ...CUSTOMER, configDigest: 'f'.repeat(64) };
    expect(customerPlace(row, DIGEST)).toBe('kb1;c;eu;shop;0123456789abcdef;key-1');
  });

  it('take nothing from the prototype of all objects', () => {
    inherited['configDigest'] = 'polluted';
    inherited['keyId'] = 'polluted';
    expect(customerPlace(CUSTOMER, DIGEST)).toBe('kb1;c;eu;shop;0123456789abcdef;key-1');
    expect(profilePlace(PROFILE, 3)).toBe('kb1;p;eu;shop;0123456789abcdef;3');
  });

  it.each([undefined, null, 5, [DIGEST], { toString: 1 }])(
    'have none for a digest %j',
    (digest) => {
      const altered = digest as unknown as string;
      expect(customerPlace(CUSTOMER, altered)).toBe('kb1;c;eu;shop;;key-1');
      expect(profilePlace({ ...PROFILE, configDigest: altered }, 3)).toBe('kb1;p;eu;shop;;3');
    },
  );
});
