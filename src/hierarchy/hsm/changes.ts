/** What each event of a device changes besides its state. */

import { own } from '../../primitives/bytes.js';
import { holds, withoutDevice } from '../region.js';
import { activeVersion } from '../versions.js';
import { allow, register, validate } from './admission.js';
import { conflict, type EventOf, type HsmChanges, type HsmContext } from './context.js';
import { generate, issue, receive, restore } from './keys.js';
import { hsmOperation, requireDualControl } from './operation.js';

/** Checks an event that the state has, and says what it changes. */
export function changesOf(context: HsmContext): HsmChanges {
  const { event } = context;
  switch (event.type) {
    case 'validate':
      return validate({ ...context, event });
    case 'register':
      return register({ ...context, event });
    case 'allow':
      return allow({ ...context, event });
    case 'issue':
      return issue({ ...context, event });
    case 'generate':
      return generate({ ...context, event });
    case 'restore':
      return restore({ ...context, event });
    case 'receive':
      return receive({ ...context, event });
    case 'serve':
      if (!holdsActive(context)) throw conflict();
      // The region goes on too, so that of this and a switch of its main key one has to look again.
      return { region: {} };
    case 'lose-sync':
      if (holdsActive(context)) throw conflict();
      return {};
    case 'quarantine':
    case 'decommission':
      return remove({ ...context, event });
    case 'destroy':
      requireDualControl(
        context,
        hsmOperation({ record: context.record, event: 'destroy' }),
        own(event, 'approvals') ?? [],
      );
      return {};
  }
}

function holdsActive({ record, region }: HsmContext): boolean {
  return holds(record, activeVersion(region.versions));
}

/** Out of its rack a device holds no key, no token of it serves any more, and it is no KDH. */
function remove(context: HsmContext<EventOf<'quarantine' | 'decommission'>>): HsmChanges {
  const { record, region, at, event } = context;
  if (own(event, 'keysDeleted') !== true) throw conflict();
  const operation = hsmOperation({ record, event: event.type });
  requireDualControl(context, operation, own(event, 'approvals') ?? []);
  return {
    record: { krdToken: undefined, allowed: undefined, versions: [] },
    region: withoutDevice(region, record.hsmId, at),
  };
}
