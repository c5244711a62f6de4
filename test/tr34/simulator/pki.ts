/** Who takes part: key pairs made once a run, because those of RSA are slow, and their papers. */
import { fromPkcs8, type KeyUnwrapper, type Signer } from 'keyblock/tr34';
import {
  type CertificateRole,
  generateKeyPair,
  issueCertificate,
  issueCrl,
  type KeyPair,
  type KeyPairAlgorithm,
} from 'keyblock/tr34/pki';
import type { Party } from '../scenario.js';

/** When worlds begin. */
export const BEGINNING = Date.UTC(2027, 5, 1);
export const HOUR = 3_600_000;

/** A key distribution host. */
export interface Host {
  readonly name: string;
  readonly certificate: Uint8Array<ArrayBuffer>;
  readonly serialNumber: Uint8Array;
  readonly signer: Signer;
  readonly notAfter: number;
  readonly isEc: boolean;
  /** Whether the CA that devices pin has issued the certificate. */
  readonly isOurs: boolean;
}

/** A key receiving device. */
export interface Krd {
  readonly name: string;
  readonly certificate: Uint8Array<ArrayBuffer>;
  readonly key: Signer & KeyUnwrapper;
  readonly isEc: boolean;
}

/** A CRL, and what it says. */
export interface Crl {
  readonly der: Uint8Array<ArrayBuffer>;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly revoked: readonly Host[];
  /** Whether the CA that devices pin has signed it. */
  readonly isOurs: boolean;
}

/** Everybody under one root, and a stranger with the same names under another. */
export interface Pki {
  readonly trust: {
    readonly root: Uint8Array;
    readonly caKdh: Uint8Array;
    readonly caKrd: Uint8Array;
  };
  readonly caKdh: Party;
  readonly rogueCa: Party;
  /** The CA of the devices. */
  readonly authority: Signer;
  /** The CA of the hosts, which may sign no token. */
  readonly hostAuthority: Signer;
  readonly hosts: readonly Host[];
  /** Same issuer, same serial number as the first host: another CA, another key. */
  readonly stranger: Host;
  readonly krds: readonly Krd[];
}

const pairs = new Map<string, Promise<KeyPair>>();

function pairOf(name: string, algorithm: KeyPairAlgorithm): Promise<KeyPair> {
  const known = pairs.get(name) ?? generateKeyPair({ algorithm, purpose: 'sign' });
  pairs.set(name, known);
  return known;
}

interface Request {
  readonly role: CertificateRole;
  readonly name: string;
  readonly algorithm: KeyPairAlgorithm;
  readonly serial: number;
  readonly issuer?: Party;
  /** Where the pair is not that of the name. */
  readonly pair?: string;
  readonly hours?: number;
}

async function issue(request: Request): Promise<Party> {
  const { role, name, algorithm, serial, issuer, pair = name, hours = 24 * 365 } = request;
  const { publicKey, pkcs8 } = await pairOf(`${pair} ${algorithm}`, algorithm);
  const certificate = await issueCertificate({
    role,
    subject: { commonName: name, organization: 'Simulator' },
    publicKey,
    ...(issuer === undefined ? { pkcs8 } : { issuer }),
    serialNumber: Uint8Array.of(serial),
    notBefore: new Date(BEGINNING - 24 * HOUR),
    notAfter: new Date(BEGINNING + hours * HOUR),
  });
  return { certificate, pkcs8 };
}

/** How long the host lasts whose certificate ends within a world. */
const SHORT = 10;

/** Issues all certificates. */
export async function createPki(cas: KeyPairAlgorithm): Promise<Pki> {
  const ca = { role: 'ca', algorithm: cas } as const;
  const root = await issue({ role: 'root', name: 'Root', algorithm: 'P-384', serial: 1 });
  const caKdh = await issue({ ...ca, name: 'CA KDH', serial: 2, issuer: root });
  const caKrd = await issue({ ...ca, name: 'CA KRD', serial: 3, issuer: root });
  // The serial numbers of devices are those of hosts: an issuer has to be looked at as well.
  const device = async (name: string, algorithm: KeyPairAlgorithm, serial: number) => {
    const party = await issue({ role: 'krd', name, algorithm, serial, issuer: caKrd });
    const key = await fromPkcs8(party);
    return { name, certificate: party.certificate, key, isEc: algorithm !== 'RSA-2048' };
  };
  const host = async (
    name: string,
    algorithm: KeyPairAlgorithm,
    serial: number,
    hours = 24 * 365,
    issuer = caKdh,
    pair = name,
  ): Promise<Host> => {
    const party = await issue({ role: 'kdh', name, algorithm, serial, hours, issuer, pair });
    return {
      name,
      certificate: party.certificate,
      serialNumber: Uint8Array.of(serial),
      signer: await fromPkcs8(party),
      notAfter: BEGINNING + hours * HOUR,
      isEc: algorithm !== 'RSA-2048',
      isOurs: issuer === caKdh,
    };
  };
  const rogue = { role: 'root', algorithm: 'P-256', pair: 'rogue' } as const;
  const rogueCa = await issue({ ...rogue, name: 'CA KDH', serial: 9 });
  return {
    trust: { root: root.certificate, caKdh: caKdh.certificate, caKrd: caKrd.certificate },
    caKdh,
    rogueCa,
    authority: await fromPkcs8(caKrd),
    hostAuthority: await fromPkcs8(caKdh),
    hosts: [
      await host('KDH 1', 'RSA-2048', 11),
      await host('KDH 2', 'P-521', 12),
      await host('KDH 3', 'RSA-2048', 13, SHORT),
    ],
    stranger: await host('KDH 1', 'RSA-2048', 11, 24 * 365, rogueCa, 'stranger'),
    krds: [
      await device('KRD 1', 'RSA-2048', 11),
      await device('KRD 2', 'P-521', 12),
      await device('KRD 3', 'RSA-2048', 13),
    ],
  };
}

/** Issues a CRL of our CA of the hosts, or of the other one. */
export async function createCrl(
  pki: Pki,
  others: Omit<Crl, 'der' | 'isOurs'>,
  isOurs = true,
): Promise<Crl> {
  const { thisUpdate, nextUpdate, revoked } = others;
  const der = await issueCrl({
    issuer: isOurs ? pki.caKdh : pki.rogueCa,
    thisUpdate: new Date(thisUpdate),
    nextUpdate: new Date(nextUpdate),
    revoked: revoked.map(({ serialNumber }) => ({
      serialNumber,
      revocationDate: new Date(thisUpdate),
    })),
  });
  return { der, thisUpdate, nextUpdate, revoked, isOurs };
}
