import {
  applyWrite,
  type CustomerKeyRecord,
  recordId,
  type StoredRecord,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { profileOf, profileRef, recordOf, refusal, region, regionRef } from './estate.js';

const record = recordOf();
const [first] = record.slots;
const [second] = recordOf({ under: [2] }).slots;
if (first === undefined || second === undefined) throw new Error('no slots');

const put = { op: 'put-slot', recordId: 'pek-1', expectedRevision: 1, next: second } as const;
const drop = {
  op: 'drop-slot',
  recordId: 'pek-1',
  expectedRevision: 1,
  next: profileRef(1),
} as const;

describe('applyWrite', () => {
  it('stores a record where there is none', () => {
    const write = {
      op: 'put-record',
      recordId: 'pek-1',
      expectedRevision: 0,
      next: record,
    } as const;
    expect(applyWrite({ record: undefined, write })).toEqual(record);
    expect(applyWrite({ record, write })).toBeUndefined();
  });

  it.each([0, 2, 7])('refuses a write for revision %i', (expectedRevision) => {
    for (const write of [put, drop, { ...put, op: 'put-record', next: record } as const]) {
      expect(applyWrite({ record, write: { ...write, expectedRevision } })).toBeUndefined();
    }
  });

  it('gives no record the block of another', () => {
    const moved = { ...record, keyId: 'pek-2', slots: [first, second] };
    for (const write of [put, drop]) {
      expect(() => applyWrite({ record: moved, write })).toThrow(
        expect.objectContaining({ code: 'CONTEXT_MISMATCH', field: 'record' }),
      );
    }
  });

  it('adds a block, in the place of the one under the same version', () => {
    const both = applyWrite({ record, write: put });
    expect(both).toEqual({ ...record, revision: 2, slots: [first, second] });
    const again = { ...put, expectedRevision: 2, next: { ...second, block: 'later' } };
    expect(applyWrite({ record: both, write: again })).toMatchObject({
      revision: 3,
      slots: [first, { block: 'later' }],
    });
  });

  it('drops a block, and never the last one', () => {
    const both = { ...record, slots: [first, second] };
    expect(applyWrite({ record: both, write: drop })).toEqual({
      ...record,
      revision: 2,
      slots: [second],
    });
    expect(() => applyWrite({ record, write: drop })).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT', 'slot')),
    );
  });

  it('remembers every main key that a key was wrapped under', () => {
    const lineage = { wrappedHistory: [profileRef(1)], pedigree: 0 } as const;
    const both = applyWrite({ record: { ...record, lineage }, write: put });
    const wrappedHistory = [profileRef(1), profileRef(2)];
    expect(both).toMatchObject({ lineage: { wrappedHistory } });
    const less = applyWrite({ record: both, write: { ...drop, expectedRevision: 2 } });
    expect(less).toMatchObject({ lineage: { wrappedHistory } });
    const back = applyWrite({ record: less, write: { ...put, expectedRevision: 3, next: first } });
    expect(back).toMatchObject({ lineage: { wrappedHistory } });
  });

  it('changes the version of a profile that it names', () => {
    const profile = profileOf(['retiring', 'active']);
    const next = { ...second, under: { ...regionRef, version: 2 } };
    const write = { ...put, recordId: 'eu-central-1/shop', next, version: 2 };
    expect(applyWrite({ record: profile, write })).toMatchObject({
      revision: 2,
      versions: [{ slots: [{ under: regionRef }] }, { slots: [{ under: regionRef }, next] }],
    });
    expect(() => applyWrite({ record: profile, write: { ...write, version: 3 } })).toThrow(
      expect.objectContaining(refusal('UNKNOWN_KEY_VERSION', 'record')),
    );
  });

  it('gives a tombstone no block, and a region neither', () => {
    const lifecycle = { state: 'delete-complete', enabled: false } as const;
    const tombstone: CustomerKeyRecord = { ...record, slots: [], lifecycle };
    for (const other of [tombstone, region]) {
      expect(() => applyWrite({ record: other, write: put })).toThrow(
        expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
      );
    }
  });

  it('changes nothing that it was given', () => {
    const before = JSON.stringify(record);
    applyWrite({ record, write: put });
    expect(JSON.stringify(record)).toBe(before);
  });

  it.each([[undefined], [{ record }], [{ record, write: 7 }]])('refuses %j', (options) => {
    expect(() => applyWrite(options as unknown as Parameters<typeof applyWrite>[0])).toThrow(
      expect.objectContaining(refusal('INVALID_ARGUMENT', 'options')),
    );
  });
});

describe('recordId', () => {
  it.each([
    [record, 'pek-1'],
    [profileOf(), 'eu-central-1/shop'],
    [region, 'eu-central-1'],
    [{ kind: 'alias', schema: 1, revision: 1, alias: 'pin' }, 'alias:pin'],
    [{ kind: 'rotation-job', jobId: 'j-1' }, 'j-1'],
    [{ kind: 'hsm-sync', hsmId: 'hsm-1' }, 'hsm-1'],
  ])('names %j', (given, id) => {
    expect(recordId(given as StoredRecord)).toBe(id);
  });
});
