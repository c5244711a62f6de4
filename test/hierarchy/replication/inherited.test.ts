// A name that somebody has put on the prototype of all objects is no member of an event, of a row
// or of an inventory.

import { replication } from 'keyblock/hierarchy';
import { afterEach, describe, expect, it } from 'vitest';
import { DESTINATION, establishedPair, later, ORIGIN, openLedger, Region } from './regions.js';

const NAMES = ['regions', 'tags', 'primaryGeneration', 'replicaOf', 'deleteAfter'] as const;

function inherit(name: (typeof NAMES)[number], value: unknown): void {
  Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
}

afterEach(() => {
  for (const name of NAMES) delete (Object.prototype as unknown as Record<string, unknown>)[name];
});

const origin = new Region(ORIGIN);
const ledger = openLedger(establishedPair(origin, new Region(DESTINATION)));
const created = origin.create('k1');
const env = later(0);

describe('what all objects inherit', () => {
  it.each([
    ['regions', []],
    ['tags', { owner: 'nobody' }],
    ['primaryGeneration', 7],
  ] as const)('says nothing of an event: %s', (name, value) => {
    const expected = replication.reduce({ env, ledger, events: [created] });
    expect(expected.commands).toHaveLength(1);
    inherit(name, value);
    const { commands, ledger: next } = replication.reduce({ env, ledger, events: [created] });
    expect(commands.map(({ type }) => type)).toEqual(['exportTr31']);
    expect(Object.keys(next.keys['k1']?.tags ?? {})).toEqual([]);
  });

  it('makes no key a copy of another, which nobody would copy', () => {
    const items = JSON.parse(JSON.stringify(origin.inventory())) as replication.InventoryItem[];
    inherit('replicaOf', { regionId: 'nowhere', keyId: 'other', order: 1 });
    for (const inventory of [items, origin.inventory()]) {
      const { commands } = replication.planBackfill({ env, ledger, inventory });
      expect(commands).toMatchObject([{ keyId: 'k1' }]);
      const { findings } = replication.drift({ env, ledger, origin: inventory, copies: [] });
      expect(findings.map(({ id }) => id)).toEqual(['not-in-ledger']);
    }
  });

  it('lets no command at a key of the region', () => {
    const command = {
      type: 'setEnabled',
      enabled: false,
      order: 3,
      keyId: 'other',
      replicaKeyId: 'k1',
      originRegionId: 'elsewhere',
      regionId: ORIGIN,
      replicaRegionId: ORIGIN,
      pairId: 'pair',
      commandId: 'c1',
      issuedAt: env.at.toISOString(),
    } as unknown as replication.SetEnabledCommand;
    inherit('replicaOf', { regionId: 'elsewhere', keyId: 'other', order: 0 });
    expect(() => replication.carryOut({ env, record: origin.get('k1'), command })).toThrow(
      expect.objectContaining({ code: 'STATE_CONFLICT', field: 'record' }),
    );
  });
});
