import { createProfile, mainKeys, type RegionKeyRecord } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { env, profileOf, refusal, region, regionRing } from '../keys/estate.js';

describe('mainKeys.markCompromised', () => {
  it.each([
    ['a region', region, 'eu-central-1'],
    ['a profile', profileOf(), 'eu-central-1/shop'],
  ])('marks a version of %s, once', (_, record, recordId) => {
    const marked = mainKeys.markCompromised({ env, record, version: 1, note: 'found in a log' });
    const next = marked.record;
    expect(next.versions[0]?.compromised).toEqual({
      at: '2027-01-01T00:00:00.000Z',
      note: 'found in a log',
    });
    expect(marked.writes).toEqual([{ op: 'put-record', recordId, expectedRevision: 1, next }]);
    expect(next.revision).toBe(2);
    expect(marked.audit).toEqual([
      expect.objectContaining({
        action: 'main-key.compromised',
        from: { keyId: recordId, version: 1 },
      }),
    ]);
    const again = mainKeys.markCompromised({ env, record: next, version: 1 });
    expect(again).toEqual({ record: next, writes: [], audit: [] });
  });

  it('leaves a version that wraps nothing any more', () => {
    const marked = mainKeys.markCompromised({ env, record: region, version: 1 }).record;
    const options = { env, region: marked, ring: regionRing, profileId: 'new', config: {} };
    expect(() => createProfile(options)).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
    );
  });

  it.each([
    [{ version: 2 }, 'UNKNOWN_KEY_VERSION', 'record'],
    [{ record: profileOf(['destroyed', 'active']) }, 'STATE_CONFLICT', 'record'],
    [{ record: { ...region, versions: [null] } }, 'STATE_CONFLICT', 'record'],
    [{ record: undefined }, 'INVALID_ARGUMENT', 'record'],
    [{ note: 7 }, 'INVALID_ARGUMENT', 'options'],
    [{ env: undefined }, 'INVALID_ARGUMENT', 'env'],
  ])('refuses %j', (change, code, field) => {
    const options = { env, record: region, version: 1, ...change } as unknown;
    type Options = Parameters<typeof mainKeys.markCompromised>[0];
    expect(() => mainKeys.markCompromised(options as Options)).toThrow(
      expect.objectContaining(refusal(code, field)),
    );
  });
});

describe('allReceipts', () => {
  it('refuses what is no region, and no device', () => {
    const hsms = [null] as unknown as Parameters<typeof mainKeys.allReceipts>[0]['hsms'];
    expect(() => mainKeys.allReceipts({ record: region, version: 1, hsms })).toThrow(
      expect.objectContaining(refusal('INVALID_ARGUMENT', 'record')),
    );
    const record = { ...region, versions: [null] } as unknown as RegionKeyRecord;
    expect(() => mainKeys.allReceipts({ record, version: 1, hsms: [] })).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
    );
  });
});
