import fc from 'fast-check';
import { KeyblockError, SecretKey } from 'keyblock';
import { createRegionKey, type Env, mainKeys, type RegionKeyRecord } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';

const at = new Date('2027-01-01T00:00:00.000Z');
const options = { env: { at }, regionId: 'eu-central-1', kdh: { hsmId: 'hsm-1' } };

/** Time and a generator that returns these bytes. */
function drawing(bytes: Uint8Array): Env {
  return { at, randomBytes: () => bytes };
}

describe('createRegionKey', () => {
  it('makes version 1 of an AES-256 key, active, with its check value and its end', () => {
    const { record, secret, writes, audit } = createRegionKey(options);
    expect(String(secret)).toBe('SecretKey AES-256');
    expect(record).toEqual({
      kind: 'region-key',
      schema: 1,
      revision: 1,
      regionId: 'eu-central-1',
      versions: [
        {
          version: 1,
          state: 'active',
          kcv: { method: 'cmac', value: secret.kcv() },
          createdAt: '2027-01-01T00:00:00.000Z',
          wrapUntil: '2028-01-01T00:00:00.000Z',
          unwrapUntil: '2030-12-31T00:00:00.000Z',
        },
      ],
      kdh: [{ hsmId: 'hsm-1', version: 1 }],
      tokens: [],
    });
    expect(writes).toEqual([
      { op: 'put-record', recordId: 'eu-central-1', expectedRevision: 0, next: record },
    ]);
    expect(audit).toEqual([expect.objectContaining({ action: 'region-key.create' })]);
    expect(JSON.parse(JSON.stringify(record))).toStrictEqual(record);
  });

  it('is the bytes of the generator, and nothing of them is in the record', () => {
    const different = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .filter((bytes) => new Set(bytes).size > 20);
    fc.assert(
      fc.property(different, (bytes) => {
        const { record, secret } = createRegionKey({ ...options, env: drawing(bytes) });
        expect(secret.expose()).toEqual(new Uint8Array(bytes));
        expect(secret.kcv()).toBe(new SecretKey({ algorithm: 'AES', bytes }).kcv());
        expect(Object.keys(record).join()).not.toContain('secret');
      }),
    );
  });

  it.each<[string, (i: number) => number]>([
    ['zeros', () => 0],
    ['one byte', () => 0xa5],
    ['a counter', (i) => 17 + i],
    ['a counter that goes down by three', (i) => (250 - 3 * i) & 0xff],
    ['sixteen bytes twice', (i) => (i % 16) * 13 + 7],
    ['digits', (i) => 0x30 + ((i * 7 + (i >> 3)) % 10)],
    ['half a byte', (i) => (i * 11 + (i >> 2)) % 15],
  ])('refuses a generator that returns %s', (_, byteAt) => {
    const bytes = Uint8Array.from({ length: 32 }, (_unused, i) => byteAt(i));
    expect(() => createRegionKey({ ...options, env: drawing(bytes) })).toThrow(
      expect.objectContaining({
        constructor: KeyblockError,
        code: 'WEAK_KEY',
        field: 'randomBytes',
      }),
    );
  });

  it.each([
    [{ regionId: 'a;b' }, 'regionId'],
    [{ regionId: 'eu/shop' }, 'regionId'],
    [{ kdh: { hsmId: '' } }, 'hsmId'],
    [{ kdh: undefined }, 'kdh'],
    [{ env: undefined }, 'env'],
    [{ env: { at: new Date(Number.NaN) } }, 'at'],
    [{ env: { at: new Date(8.64e15) } }, 'at'],
    [{ env: { at, randomBytes: () => new Uint8Array(31) } }, 'randomBytes'],
    [{ policy: { wrapDays: 0.5 } }, 'policy'],
    [{ policy: { wrapDays: 10, unwrapDays: 9 } }, 'policy'],
    [{ policy: 3 }, 'policy'],
  ])('rejects %j', (others, field) => {
    const given = { ...options, ...others } as unknown as typeof options;
    expect(() => createRegionKey(given)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
    );
  });
});

describe('isDue', () => {
  const { record } = createRegionKey(options);

  const due = (
    time: string,
    given: RegionKeyRecord = record,
    policy?: Parameters<typeof mainKeys.isDue>[0]['policy'],
  ) => mainKeys.isDue({ record: given, policy, env: { at: new Date(time) } });

  /** The record with its one version changed. */
  const having = (others: Partial<RegionKeyRecord['versions'][number]>): RegionKeyRecord => ({
    ...record,
    versions: record.versions.map((version) => ({ ...version, ...others })),
  });

  it('is true from thirty days before the version stops wrapping', () => {
    expect(due('2027-12-01T23:59:59.999Z')).toBe(false);
    expect(due('2027-12-02T00:00:00.000Z')).toBe(true);
    expect(due('2027-12-15', record, { leadDays: 0 })).toBe(false);
    expect(due('2028-01-01', record, { leadDays: 0 })).toBe(true);
  });

  it('is true at once for a compromised version, whatever the time', () => {
    const compromised = having({ compromised: { at: '2027-01-02T00:00:00.000Z' } });
    expect(due('2027-01-02', compromised)).toBe(true);
  });

  it('is true for a version that still opens, and may not for long', () => {
    const retiring = having({ state: 'retiring' });
    expect(due('2028-06-01', retiring)).toBe(false);
    expect(due('2030-12-01', retiring)).toBe(true);
    expect(due('2030-12-01', having({ state: 'retired' }))).toBe(false);
    expect(due('2030-12-01', having({ state: 'pending' }))).toBe(false);
  });

  it('goes by the policy where the record does not say', () => {
    const silent = having({ wrapUntil: undefined, unwrapUntil: undefined });
    expect(due('2027-12-15', silent)).toBe(true);
    expect(due('2027-12-15', silent, { wrapDays: 730 })).toBe(false);
    // What the record says counts for more.
    expect(due('2027-12-15', record, { wrapDays: 730 })).toBe(true);
  });

  it.each([
    [{ record: undefined }, 'record'],
    [{ record: { ...record, versions: 'none' } }, 'record'],
    [{ record, policy: { leadDays: -1 } }, 'policy'],
  ])('rejects %j', (others, field) => {
    const given = { env: { at }, ...others } as Parameters<typeof mainKeys.isDue>[0];
    expect(() => mainKeys.isDue(given)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
    );
  });
});
