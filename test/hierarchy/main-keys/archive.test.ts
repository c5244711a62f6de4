import { generateKey } from 'keyblock';
import {
  type AliasRecord,
  type ArchiveManifest,
  createRegionKey,
  mainKeys,
  type StoredRecord,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import {
  afterEvent,
  consent,
  deviceIn,
  env,
  HSM_ID,
  newRegion,
  promoted,
  REGION_ID,
  returning,
  type Situation,
  timeAfter,
} from './devices.js';

describe('planRestore', () => {
  const planFor = ({ record, region }: Situation, policy?: { readonly count: number }) => {
    const [token] = region.tokens;
    const { revision } = record;
    const operation = token && mainKeys.restoreOperation({ regionId: REGION_ID, token, revision });
    const approvals = operation === undefined ? [] : consent(operation);
    return mainKeys.planRestore({ record: region, hsm: record, approvals, policy, env });
  };

  it('gives a validated device the token that it had', () => {
    const situation = returning();
    const [token] = situation.region.tokens;
    expect(planFor(situation)).toEqual({ outcome: 'ok', version: 1, token });
  });

  it('asks for consent to that very token', () => {
    const { record: hsm, region: record } = returning();
    const [token] = record.tokens;
    if (token === undefined) throw new Error('no token');
    const other = { ...token, token: btoa('another') };
    const approvals = consent(
      mainKeys.restoreOperation({ regionId: REGION_ID, token: other, revision: hsm.revision }),
    );
    // Of the restore before this one.
    const spent = consent(
      mainKeys.restoreOperation({ regionId: REGION_ID, token, revision: hsm.revision - 1 }),
    );
    for (const given of [[], approvals, spent]) {
      expect(() => mainKeys.planRestore({ record, hsm, approvals: given, env })).toThrow(
        expect.objectContaining({ code: 'APPROVAL_REQUIRED', field: 'approvals' }),
      );
    }
    expect(() => planFor({ record: hsm, region: record }, { count: 3 })).toThrow(
      expect.objectContaining({ code: 'APPROVAL_REQUIRED' }),
    );
  });

  it('gives a new token where another version is active', () => {
    const { record, region } = returning();
    expect(planFor({ record, region: promoted(region) })).toEqual({
      outcome: 'new-token-needed',
      version: 2,
    });
  });

  it.each([
    ['was invalidated', { invalidatedAt: timeAfter(-1) }],
    ['has expired', { expiresAt: timeAfter(0) }],
    ['is for another device', { hsmId: 'hsm-3' }],
  ])('gives a new token where the archived one %s', (_, others) => {
    const { record, region } = returning();
    const tokens = region.tokens.map((token) => ({ ...token, ...others }));
    expect(planFor({ record, region: { ...region, tokens } })).toEqual({
      outcome: 'new-token-needed',
      version: 1,
    });
  });

  it('gives a new token where the version is compromised', () => {
    const { record, region } = returning();
    const versions = region.versions.map((v) => ({ ...v, compromised: { at: timeAfter(-1) } }));
    expect(planFor({ record, region: { ...region, versions } }).outcome).toBe('new-token-needed');
  });

  it.each([
    'unknown',
    'token-registered',
    'allowed',
    'token-issued',
    'loaded',
    'in-service',
    'out-of-sync',
    'quarantined',
    'decommissioned',
    'destroyed',
  ] as const)('refuses a device that is %s', (state) => {
    expect(planFor(deviceIn(state))).toEqual({ outcome: 'refused' });
  });

  it('refuses a device of another region', () => {
    const { record, region } = returning();
    expect(planFor({ record, region: { ...region, regionId: 'eu-west-1' } })).toEqual({
      outcome: 'refused',
    });
  });

  it('leads back into service', () => {
    let situation = returning();
    for (const type of ['restore', 'receive', 'serve'] as const) {
      situation = afterEvent(situation, type);
    }
    expect(situation.record.state).toBe('in-service');
    expect(situation.region.tokens).toHaveLength(1);
  });
});

describe('retireTokens', () => {
  const retired = (state: 'retiring' | 'retired' | 'destroyed') => {
    const { region } = deviceIn('in-service');
    const versions = promoted(region).versions.map((version) =>
      version.version === 1 ? { ...version, state } : version,
    );
    return { ...region, versions };
  };

  it.each(['retired', 'destroyed'] as const)('takes tokens of a %s version away', (state) => {
    const record = retired(state);
    const result = mainKeys.retireTokens({ env, record, version: 1 });
    const { record: next, writes, audit } = result;
    expect(next.tokens.map(({ invalidatedAt }) => invalidatedAt)).toEqual([timeAfter(0)]);
    const expectedRevision = record.revision;
    expect(writes).toEqual([{ op: 'put-record', recordId: REGION_ID, expectedRevision, next }]);
    expect(next.revision).toBe(expectedRevision + 1);
    expect(audit).toEqual([expect.objectContaining({ count: 1 })]);
    // A second time there is nothing to do.
    expect(mainKeys.retireTokens({ env, record: next, version: 1 })).toEqual({
      record: next,
      writes: [],
      audit: [],
    });
  });

  it('leaves those of a version that may become active again', () => {
    for (const [record, version, code] of [
      [retired('retiring'), 1, 'STATE_CONFLICT'],
      [retired('retired'), 2, 'STATE_CONFLICT'],
      [retired('retired'), 3, 'UNKNOWN_KEY_VERSION'],
    ] as const) {
      expect(() => mainKeys.retireTokens({ env, record, version })).toThrow(
        expect.objectContaining({ code, field: 'record' }),
      );
    }
  });
});

describe('an archive', () => {
  const alias: AliasRecord = { kind: 'alias', schema: 1, revision: 1, alias: 'pin', keyId: 'k1' };
  const region = newRegion();
  const hsm = mainKeys.createHsmRecord({ regionId: REGION_ID, hsmId: HSM_ID });
  const records: readonly StoredRecord[] = [region, alias, hsm];
  const manifest = mainKeys.createArchiveManifest({ env, regionId: REGION_ID, records });

  it('is listed in the order of the ids, whatever order it comes in', () => {
    const reversed = [...records].reverse();
    expect(mainKeys.createArchiveManifest({ env, regionId: REGION_ID, records: reversed })).toEqual(
      manifest,
    );
    expect(manifest.entries.map(({ recordId }) => recordId)).toEqual([
      'alias:pin',
      REGION_ID,
      HSM_ID,
    ]);
    expect(manifest.count).toBe(3);
  });

  it('is sound after a round trip through JSON, and in another order', () => {
    const back = JSON.parse(JSON.stringify([...records].reverse())) as readonly StoredRecord[];
    const stored = JSON.parse(JSON.stringify(manifest)) as ArchiveManifest;
    expect(mainKeys.verifyArchive({ manifest: stored, records: back })).toEqual([]);
  });

  it.each<[string, readonly StoredRecord[], mainKeys.ArchiveFinding]>([
    ['missing', [region, hsm], { problem: 'missing', recordId: 'alias:pin' }],
    [
      'altered',
      [region, { ...alias, keyId: 'k2' }, hsm],
      { problem: 'altered', recordId: 'alias:pin' },
    ],
    [
      'altered in its revision alone',
      [region, { ...alias, revision: 2 }, hsm],
      { problem: 'altered', recordId: 'alias:pin' },
    ],
    ['there twice', [...records, alias], { problem: 'repeated', recordId: 'alias:pin' }],
    [
      'one that was not there',
      [...records, { ...alias, alias: 'mac' }],
      { problem: 'unexpected', recordId: 'alias:mac' },
    ],
  ])('shows a record that is %s', (_, given, finding) => {
    expect(mainKeys.verifyArchive({ manifest, records: given })).toEqual([finding]);
  });

  it('shows that its manifest was altered', () => {
    const entries = manifest.entries.slice(1);
    for (const altered of [
      { ...manifest, entries },
      { ...manifest, count: 2 },
      { ...manifest, regionId: 'eu-west-1' },
      { ...manifest, digest: '00'.repeat(32) },
    ]) {
      expect(mainKeys.verifyArchive({ manifest: altered, records })).toEqual([
        { problem: 'manifest' },
      ]);
    }
  });

  it('refuses two records of one name, and what are no records', () => {
    const make = (given: unknown) =>
      mainKeys.createArchiveManifest({
        env,
        regionId: REGION_ID,
        records: given as readonly StoredRecord[],
      });
    for (const given of [[alias, alias], [undefined], [{ kind: 'cat' }], {}, undefined]) {
      expect(() => make(given)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'record' }),
      );
    }
    const broken = { ...manifest, kind: 'alias' } as unknown as ArchiveManifest;
    expect(() => mainKeys.verifyArchive({ manifest: broken, records })).toThrow(
      expect.objectContaining({ code: 'STATE_CONFLICT', field: 'record' }),
    );
  });

  it('holds no key', () => {
    const bytes = generateKey({ algorithm: 'AES', lengthBits: 256 }).expose();
    const randomBytes = () => bytes;
    const { record } = createRegionKey({
      env: { ...env, randomBytes },
      regionId: REGION_ID,
      kdh: { hsmId: 'hsm-1' },
    });
    const text = JSON.stringify(
      mainKeys.createArchiveManifest({ env, regionId: REGION_ID, records: [record] }),
    );
    for (let i = 0; i + 4 <= bytes.length; i++) {
      const window = Array.from(bytes.subarray(i, i + 4));
      expect(text.toLowerCase()).not.toContain(
        window.map((byte) => byte.toString(16).padStart(2, '0')).join(''),
      );
    }
  });
});
