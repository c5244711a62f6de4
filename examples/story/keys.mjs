// Chapter 2: a profile under the main key of the region, and ten thousand customer keys under it.
import {
  createCustomerKey,
  createKeyRing,
  createProfile,
  openCustomerKey,
  openProfile,
} from 'keyblock/hierarchy';
import { aside, env, hold, progressBar, refused, say } from './stage.mjs';

/** What terminals, cards and back offices ask for. */
const KINDS = [
  ['pek', { keyUsage: 'P0', algorithm: 'A', keyBits: 256, modeOfUse: 'B', exportability: 'E' }],
  ['bdk', { keyUsage: 'B0', algorithm: 'T', keyBits: 128, modeOfUse: 'X', exportability: 'E' }],
  ['cvk', { keyUsage: 'C0', algorithm: 'T', keyBits: 128, modeOfUse: 'C', exportability: 'E' }],
  ['mac', { keyUsage: 'M6', algorithm: 'A', keyBits: 128, modeOfUse: 'C', exportability: 'E' }],
  ['data', { keyUsage: 'D0', algorithm: 'A', keyBits: 192, modeOfUse: 'B', exportability: 'E' }],
];

/** Makes a profile, and a ring that holds its main key. */
export function openShop({ region, ring }, profileId, store) {
  const config = { purpose: 'acquiring', pinBlocks: ['ISO 4'] };
  const { record, writes } = createProfile({ env: env(), region, ring, profileId, config });
  store.apply(writes);
  const [{ kcv, slots }] = record.versions;
  say(`profile ${profileId} of ${region.regionId}: AES-256, check value ${kcv.value}, stored as`);
  aside(`${slots[0].block.slice(0, 96)}…`);
  return record;
}

/** A ring with every main key of a profile that still opens something. */
export function ringOf(profile, regionRing) {
  const keyId = `${profile.regionId}/${profile.profileId}`;
  const open = profile.versions.filter(({ state }) => !['retired', 'destroyed'].includes(state));
  const keys = open.map(({ version }) => ({
    ref: { keyId, version },
    key: openProfile({ profile, ring: regionRing, version }),
  }));
  return createKeyRing({ keys });
}

/** Makes the customer keys, and shows one as it is stored. */
export function createKeys({ store, profile, ring, count }) {
  const bar = progressBar('create', count);
  for (let i = 0; i < count; i++) {
    const [name, attributes] = KINDS[i % KINDS.length];
    const { writes } = createCustomerKey({
      env: env(),
      profile,
      ring,
      keyId: `${name}-${String(i).padStart(5, '0')}`,
      owner: 'shop',
      attributes,
    });
    store.apply(writes);
    if (i % 250 === 0) bar.show(i);
  }
  bar.show(count);
  bar.stop();
  const [first] = store.scan('customer-key');
  const { keyUsage, algorithm, keyBits } = first.attributes;
  say(`${first.keyId}: ${keyUsage} ${algorithm} ${keyBits} bits, stored as`);
  aside(first.slots[0].block);
  hold(
    store.snapshot('customer-key').live === count,
    `${count} keys are stored, none of them in the clear`,
  );
}

/** What a hand in the database achieves. */
export async function tamper({ store, profile, ring }) {
  const [one, , , , , other] = store.scan('customer-key');
  const open = (record) => openCustomerKey({ record, profile, ring, env: env() });
  const { key } = open(one);
  hold(key.kcv() === one.kcv.value, `${one.keyId} opens, check value ${one.kcv.value}`);
  key.destroy();
  await refused('the block of another row', () => open({ ...one, slots: other.slots }));
  const [slot] = one.slots;
  const digit = slot.block.at(-1) === '0' ? '1' : '0';
  const block = slot.block.slice(0, -1) + digit;
  await refused('one digit of it altered', () => open({ ...one, slots: [{ ...slot, block }] }));
  const attributes = { ...one.attributes, exportability: 'S' };
  await refused('more rights than the block gives', () => open({ ...one, attributes }));
}
