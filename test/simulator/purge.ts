/** Keys that go at last: whatever is due is purged in its region, as the region decides alone. */
import { type CustomerKeyRecord, lifecycle } from 'keyblock/hierarchy';
import { envOf, must, type Site, type World } from './world.js';

/** Each region purges what is due. */
export function purgeDue(world: World, sites: readonly Site[]): void {
  for (const site of sites) {
    for (const truth of site.truths.live()) {
      const { deleteAfter, state } = truth.life;
      if (state !== 'delete-pending' || deleteAfter === undefined || world.now < deleteAfter)
        continue;
      const record = must(site.store.read<CustomerKeyRecord>(truth.keyId));
      const { writes } = lifecycle.purge({ env: envOf(world), record });
      for (const write of writes) site.store.apply(write);
      truth.life = { state: 'delete-complete', enabled: false };
      world.stats.add('purged');
    }
  }
}
