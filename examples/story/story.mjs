// The whole story of the field: two regions, six devices, a profile and ten thousand customer keys.
import { createAuthorities, openRegion } from './fleet.mjs';
import { exchangeKek } from './kek.mjs';
import { createKeys, openShop, ringOf, tamper } from './keys.mjs';
import { auditAll, deleteAndRestore, failOver, replicateAll } from './replica.mjs';
import { rotateShop } from './rotation.mjs';
import { chapter, elapsed, say } from './stage.mjs';
import { createStore } from './store.mjs';

/** Tells it, and stops where anything is not as it has to be. */
export async function tellStory(count = 10_000) {
  chapter('Six devices come to hold the main keys of two regions, by TR-34 and in no other way');
  const authorities = await createAuthorities();
  const origin = await openOne(authorities, 'eu-central-1', ['hsm-1', 'hsm-2', 'hsm-3']);
  const destination = await openOne(authorities, 'eu-west-1', ['hsm-4', 'hsm-5', 'hsm-6']);

  chapter(`A profile, and ${count} customer keys under its main key`);
  origin.ring = createShop(origin);
  destination.ring = createShop(destination);
  const { store, profileKeyId, regionId, region } = origin;
  createKeys({ store, profile: store.read(profileKeyId), ring: origin.ring, count });
  await tamper({ store, profile: store.read(profileKeyId), ring: origin.ring });

  chapter('The main key of the profile is rotated while reads go on, with a crash in the middle');
  await rotateShop({ store, region, regionRing: origin.regionRing, profileKeyId, count });
  origin.ring = ringOf(store.read(profileKeyId), origin.regionRing);

  chapter(`${regionId} and ${destination.regionId} exchange a KEK by TR-34, in seven steps`);
  const keys = [...store.scan('customer-key')];
  const pair = await exchangeKek({ pairId: 'cards', origin, destination, authorities, keys });

  chapter('Every key is copied to the second region by TR-31');
  const ledger = await replicateAll({ origin, destination, pair, count });
  const keyId = keys[0].keyId;
  await failOver({ origin, destination, ledger, keyId });

  chapter('A deletion and a restore reach the copy, late, twice and out of order');
  await deleteAndRestore({ origin, destination, ledger, keyId });

  chapter('An audit of all that is stored, without a key');
  auditAll([origin, destination]);
  say(`told in ${elapsed()} s`);
}

async function openOne(authorities, regionId, hsmIds) {
  const { region, ring, hsms } = await openRegion(authorities, regionId, hsmIds);
  const profileKeyId = `${regionId}/shop`;
  const keks = new Map();
  return { regionId, region, hsms, regionRing: ring, profileKeyId, keks, store: createStore() };
}

function createShop({ region, regionRing, store }) {
  return ringOf(openShop({ region, ring: regionRing }, 'shop', store), regionRing);
}
