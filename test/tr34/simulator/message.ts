/** What the adversary keeps: every token that ever was, and what is true of it. */
import type { KeyblockErrorCode, Profile } from 'keyblock/tr34';
import { shell, tlv } from './der.js';
import type { Crl, Host, Krd } from './pki.js';

/** A key on its way. */
export interface SentKey {
  readonly bytes: Uint8Array;
  readonly header: string;
  readonly isTdes: boolean;
  /** By SP 800-57. */
  readonly strength: number;
  /** As a device names it. */
  readonly profile: Profile;
  /** The name of the host that the key block is for, where another has signed. */
  readonly inNameOf?: string | undefined;
}

/** What is wrong with a token, which no device may take. */
export interface Flaw {
  readonly codes: readonly KeyblockErrorCode[];
  /** Whether it shows only behind the nonce, which is spent by then. */
  readonly isLate: boolean;
}

/** What is true of a token. */
export interface Facts {
  readonly kind: 'bind' | 'key' | 'unbind' | 'rebind' | 'authority-unbind' | 'authority-rebind';
  /** Whose signature it is that stands, under the name that stands there. */
  readonly signer?: Host | 'authority' | undefined;
  /** The device that it names. */
  readonly krd?: Krd | undefined;
  /** The binding that a token of the CA names. */
  readonly from?: Host | undefined;
  /** Who is to be bound to. */
  readonly next?: Host | undefined;
  readonly nonce?: string | undefined;
  /** Milliseconds, in whole seconds. */
  readonly time?: number | undefined;
  readonly key?: SentKey | undefined;
  readonly isSorted: boolean;
  readonly flaw?: Flaw | undefined;
}

/** A token: facts that are signed, and a CRL that is not. */
export interface Message {
  readonly facts: Facts;
  readonly crl: Crl | undefined;
  /** The fields of SignedData without the CRL. */
  readonly fields: readonly Uint8Array[];
}

/** The token in DER. */
export function bytesOf({ fields, crl }: Message): Uint8Array<ArrayBuffer> {
  if (crl === undefined) return shell(fields);
  return shell([...fields.slice(0, -1), tlv(0xa1, crl.der), ...fields.slice(-1)]);
}
