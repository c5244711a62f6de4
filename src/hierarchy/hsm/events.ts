/** What happens to a device of a region, and which state each event leads to. */

import type {
  Approval,
  DeviceIdentity,
  HsmState,
  Kcv,
  KrdToken,
  MainKeyReceipt,
  MainKeyToken,
} from '../records.js';

/** What happens to a device. */
export type HsmEvent =
  | {
      /** The device is the one that its manufacturer delivered. */
      readonly type: 'validate';
      /** What the manufacturer says, by a second channel. */
      readonly inventory: readonly DeviceIdentity[];
      /** What the device shows of itself. */
      readonly observed: DeviceIdentity;
    }
  | {
      /** The device asks for a main key. Verify its certificate first, see `verifyKrdToken`. */
      readonly type: 'register';
      /** Of the certificate that was validated, with a nonce that was not seen before. */
      readonly token: KrdToken;
    }
  | {
      /** The device comes on the allow list of the KDH. */
      readonly type: 'allow';
      /** Of two people at least, over what `hsmOperation` says. */
      readonly approvals: readonly Approval[];
    }
  | {
      /** The KDH has made the token that only this device opens. */
      readonly type: 'issue';
      /** Of the active version; of the pending one for a device in service. */
      readonly token: MainKeyToken;
      /** Of two people at least, over what `hsmOperation` says. */
      readonly approvals: readonly Approval[];
    }
  | {
      /** The device made the version itself, and has held it since: it is its KDH. */
      readonly type: 'generate';
      /** The active one; the pending one for a device in service. */
      readonly version: number;
      /** Of what the device holds: compared with the record of the region. */
      readonly kcv: Kcv;
    }
  | {
      /** A validated device that comes back is given its archived token again. */
      readonly type: 'restore';
      /** Of two people at least, over what `restoreOperation` says. */
      readonly approvals: readonly Approval[];
    }
  | {
      /** The device has loaded the key. */
      readonly type: 'receive';
      /** In answer to the token that was issued, or restored, last for its version: taken once. */
      readonly receipt: MainKeyReceipt;
    }
  | {
      /** The device holds the active version, and does its work. Changes the region as well. */
      readonly type: 'serve';
    }
  | {
      /** The device does not hold the active version. */
      readonly type: 'lose-sync';
    }
  | {
      /** The device is taken out for somebody to look at it, and all its keys were deleted. */
      readonly type: 'quarantine';
      /** Said by the caller, who has seen to it. */
      readonly keysDeleted: true;
      /** Of two people at least, over what `hsmOperation` says. */
      readonly approvals: readonly Approval[];
    }
  | {
      /** The device is taken out for good, and all its keys were deleted. */
      readonly type: 'decommission';
      /** Said by the caller, who has seen to it. */
      readonly keysDeleted: true;
      /** Of two people at least, over what `hsmOperation` says. */
      readonly approvals: readonly Approval[];
    }
  | {
      /** The device does not exist any more. */
      readonly type: 'destroy';
      /** Of two people at least, over what `hsmOperation` says. */
      readonly approvals: readonly Approval[];
    };

/** The name of an event. */
export type HsmEventType = HsmEvent['type'];

/** The way out of every state in which a device may hold keys. */
const REMOVAL = { quarantine: 'quarantined', decommission: 'decommissioned' } as const;

/**
 * Which event leads from where to where; what is not listed is refused. A device comes into service
 * by one way only, and a quarantined one begins again at the start. In service it stays while the
 * pending version of a rotation is given to it.
 */
export const HSM_TRANSITIONS: Readonly<
  Record<HsmState, { readonly [type in HsmEventType]?: HsmState }>
> = {
  unknown: { validate: 'validated' },
  validated: {
    register: 'token-registered',
    generate: 'loaded',
    restore: 'token-issued',
    ...REMOVAL,
  },
  'token-registered': { register: 'token-registered', allow: 'allowed', ...REMOVAL },
  allowed: { register: 'token-registered', issue: 'token-issued', ...REMOVAL },
  // A token that was refused has spent its nonce: the device asks again.
  'token-issued': { register: 'token-registered', receive: 'loaded', ...REMOVAL },
  loaded: { serve: 'in-service', 'lose-sync': 'out-of-sync', ...REMOVAL },
  'in-service': {
    register: 'in-service',
    issue: 'in-service',
    generate: 'in-service',
    receive: 'in-service',
    'lose-sync': 'out-of-sync',
    ...REMOVAL,
  },
  'out-of-sync': { validate: 'validated', ...REMOVAL },
  quarantined: { validate: 'validated', decommission: 'decommissioned' },
  decommissioned: { destroy: 'destroyed' },
  destroyed: {},
};
