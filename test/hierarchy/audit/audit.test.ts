import { formatOptionalBlock } from 'keyblock';
import {
  auditHierarchy,
  type CustomerKeyRecord,
  createCustomerKey,
  createKeyRing,
  createProfile,
  createRegionKey,
  openProfile,
  type ProfileRecord,
  type RegionKeyRecord,
  type RotationJob,
  type StoredRecord,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';

const env = { at: new Date('2027-01-01T00:00:00.000Z') };
const regionId = 'eu-central-1';
const { record: region, secret } = createRegionKey({ env, regionId, kdh: { hsmId: 'hsm-1' } });
const ofRegion = createKeyRing({ keys: [{ ref: { keyId: regionId, version: 1 }, key: secret }] });
const config = { purpose: 'acquiring' };
const { record: profile } = createProfile({
  env,
  region,
  ring: ofRegion,
  profileId: 'shop',
  config,
});
const mainKey = openProfile({ profile, ring: ofRegion });
const under = { keyId: `${regionId}/shop`, version: 1 };
const ring = createKeyRing({ keys: [{ ref: under, key: mainKey }] });
const attributes = {
  keyUsage: 'P0',
  algorithm: 'A',
  keyBits: 128,
  modeOfUse: 'B',
  exportability: 'E',
} as const;
const create = (keyId: string, owner = 'shop') =>
  createCustomerKey({ env, profile, ring, keyId, owner, attributes }).record;
const key = create('k1');
const other = create('k2');
const [slot] = key.slots;
if (slot === undefined) throw new Error('no slot');
const alias = { kind: 'alias', schema: 1, revision: 1, alias: 'pin', keyId: 'k1' } as const;
const healthy: readonly StoredRecord[] = [region, profile, key, other, alias];

const audit = (records: readonly unknown[], at = env) =>
  auditHierarchy({ records: records as StoredRecord[], env: at }).map(
    ({ id, recordId }) => `${id} ${recordId}`,
  );

/** The healthy store with one record in another form. */
const withKey = (change: Partial<CustomerKeyRecord>) => [
  region,
  profile,
  { ...key, ...change },
  other,
  alias,
];
const withProfile = (change: Partial<ProfileRecord>) => [
  region,
  { ...profile, ...change },
  key,
  other,
];
const withRegion = (change: Partial<RegionKeyRecord>) => [
  { ...region, ...change },
  profile,
  key,
  other,
];
const [version] = profile.versions;
const [regionVersion] = region.versions;
if (version === undefined || regionVersion === undefined) throw new Error('no version');

const job: RotationJob = {
  kind: 'rotation-job',
  schema: 1,
  revision: 1,
  jobId: 'job-1',
  level: 'profile',
  scope: { regionId, profileId: 'gone' },
  from: under,
  to: { ...under, version: 2 },
  reason: 'manual',
  phase: 'translating',
  counters: { seen: 0, translated: 0, skipped: 0, conflicts: 0, failed: 0 },
  timeline: [],
  policy: { maxReaderStalenessSeconds: 0 },
};

/** A block of version B, under a triple DES key and without KP. */
const FOREIGN = 'B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E';

describe('auditHierarchy', () => {
  it('finds nothing on a store in order, and needs no key', () => {
    expect(audit(healthy)).toEqual([]);
    expect(audit(JSON.parse(JSON.stringify(healthy)) as unknown[])).toEqual([]);
    expect(audit([...healthy].reverse())).toEqual([]);
  });

  it('takes regions that were dumped together, with an alias in each', () => {
    const { record: second } = createRegionKey({ env, regionId: 'us-east-1', kdh: { hsmId: 'h' } });
    expect(audit([...healthy, second, alias])).toEqual([]);
    expect(audit([...healthy, second, alias, alias])).toEqual(['duplicate-record alias:pin']);
  });

  it.each<[string, readonly unknown[]]>([
    ['malformed-record k9', [...healthy, { kind: 'customer-key', keyId: 'k9' }]],
    ['malformed-record k1', [region, profile, other, { ...key, sharing: { parties: 5 } }]],
    ['malformed-record ', [...healthy, null]],
    ['malformed-record ', [...healthy, { kind: 'unheard-of' }]],
    ['duplicate-record k1', [...healthy, { ...key, revision: 9 }]],
    ['duplicate-record alias:pin', [...healthy, alias]],
    ['orphan-key k1', [region, key]],
    ['dangling-alias alias:pin', [region, profile, other, alias]],
    ['job-missing eu-central-1/shop', withProfile({ jobId: 'job-9' })],
    ['job-missing eu-central-1', withRegion({ jobId: 'job-9' })],
    ['job-without-record job-1', [...healthy, job]],
    [
      'several-active-versions eu-central-1/shop',
      withProfile({ versions: [version, { ...version, version: 2 }] }),
    ],
    [
      'several-pending-versions eu-central-1/shop',
      withProfile({
        versions: [
          version,
          ...[2, 3].map((n) => ({ ...version, version: n, state: 'pending' as const })),
        ],
      }),
    ],
    [
      'no-active-version eu-central-1/shop',
      withProfile({ jobId: 'j', versions: [{ ...version, state: 'retiring' }] }),
    ],
    [
      'compromised-in-use eu-central-1',
      withRegion({ versions: [{ ...regionVersion, compromised: { at: env.at.toISOString() } }] }),
    ],
    ['config-differs eu-central-1/shop', withProfile({ config: { purpose: 'issuing' } })],
    [
      'token-of-dead-version eu-central-1',
      withRegion({
        tokens: [
          {
            hsmId: 'hsm-1',
            kdhId: 'hsm-1',
            version: 9,
            token: 'MIIB',
            nonce: '00',
            kcv: regionVersion.kcv,
            issuedAt: env.at.toISOString(),
          },
        ],
      }),
    ],
    ['no-block k1', withKey({ slots: [] })],
    ['several-blocks k1', withKey({ slots: [slot, slot] })],
    [
      'unknown-version k1',
      withKey({ slots: [slot, { ...slot, under: { ...under, version: 7 } }] }),
    ],
    [
      'cross-region-edge k1',
      withKey({ slots: [slot, { ...slot, under: { keyId: 'us-east-1/shop', version: 1 } }] }),
    ],
    [
      'tombstone-with-block k1',
      withKey({ lifecycle: { state: 'delete-complete', enabled: false } }),
    ],
    [
      'digest-differs k1',
      withKey({ slots: [{ ...slot, digest: slot.digest.replace(/^./, 'x') }] }),
    ],
    ['malformed-block k1', withKey({ slots: [{ ...slot, block: 'D' }] })],
    ['not-for-storage k1', withKey({ slots: [{ ...slot, block: at(slot.block, 14, '2') }] })],
    ['header-differs k1', withKey({ attributes: { ...key.attributes, modeOfUse: 'D' } })],
    ['place-differs k1', withKey({ slots: other.slots })],
    [
      'kp-differs k1',
      withKey({ slots: [{ ...slot, kbpkKcv: { method: 'cmac', value: 'FF00FF00FF' } }] }),
    ],
    ['weak-wrap k1', withKey({ slots: [{ ...slot, block: FOREIGN }] })],
    ['missing-kp k1', withKey({ slots: [{ ...slot, block: FOREIGN }] })],
    [
      'too-many-parties k1',
      withKey({ sharing: { parties: ['acquirer', 'processor'], purpose: 'zone' } }),
    ],
    ['shared-check-value k1', [region, profile, key, { ...other, kcv: key.kcv, owner: 'bank' }]],
  ])('finds %s', (finding, records) => {
    expect(audit(records)).toContain(finding);
  });

  it('finds a profile without its region', () => {
    expect(audit([profile, key, other])).toContain('orphan-profile eu-central-1/shop');
  });

  it('finds blocks under versions that were left behind, and keys that are behind', () => {
    const versions = [
      { ...version, state: 'retired' as const },
      { ...version, version: 2 },
    ];
    const found = audit(withProfile({ versions }));
    expect(found).toContain('mixed-versions k1');
    expect(found).toContain('straggler k1');
    const retiring = [
      { ...version, state: 'retiring' as const },
      { ...version, version: 2 },
    ];
    expect(audit([...withProfile({ versions: retiring, jobId: 'job-1' }), job])).not.toContain(
      'straggler k1',
    );
  });

  it('finds what is past its time, when it is told the time', () => {
    const until = '2026-12-31T00:00:00.000Z';
    const versions = [{ ...version, wrapUntil: until, unwrapUntil: until }];
    const records = withProfile({ versions });
    expect(audit(records)).toEqual([
      'overdue-wrap eu-central-1/shop',
      'overdue-unwrap eu-central-1/shop',
    ]);
    expect(auditHierarchy({ records })).toEqual([]);
    const lifecycle = {
      state: 'delete-pending',
      enabled: false,
      deleteAfter: '2026-12-30T23:59:59.000Z',
    } as const;
    expect(audit(withKey({ lifecycle }))).toEqual(['overdue-purge k1']);
    const yesterday = { ...lifecycle, deleteAfter: '2026-12-31T12:00:00.000Z' };
    expect(audit(withKey({ lifecycle: yesterday }))).toEqual([]);
  });

  it('finds a key that was once under a weaker one', () => {
    const optionalBlocks = [formatOptionalBlock({ id: 'WP', weaker: true, asymmetric: false })];
    const record = createCustomerKey({
      env,
      profile,
      ring,
      keyId: 'wp',
      owner: 'shop',
      attributes,
      optionalBlocks,
    }).record;
    expect(audit([region, profile, record])).toEqual(['weak-pedigree wp']);
  });

  it('says what it finds in the same words for every record, and once a record', () => {
    const name = `k-${'x'.repeat(40)}`;
    const records = [region, { ...key, keyId: name }, { ...other, slots: [] }];
    const findings = auditHierarchy({ records });
    expect(findings.length).toBeGreaterThan(1);
    for (const { text, severity } of findings) {
      expect(text).not.toContain(name);
      expect(['error', 'warning', 'info']).toContain(severity);
    }
    const again = auditHierarchy({ records });
    expect(again).toEqual(findings);
    const names = findings.map(({ id, recordId }) => `${id} ${recordId}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('refuses what is no list of records', () => {
    for (const records of [undefined, null, 1, {}]) {
      expect(() => auditHierarchy({ records: records as never })).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    }
  });
});

/** A text with another character at one place. */
function at(text: string, place: number, character: string): string {
  return `${text.slice(0, place)}${character}${text.slice(place + 1)}`;
}
