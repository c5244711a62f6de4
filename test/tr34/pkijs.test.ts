import { fromBER, type OctetString } from 'asn1js';
import { generateKey } from 'keyblock';
import {
  createAuthorityUnbindToken,
  createCredentialToken,
  createKeyToken,
  createRebindToken,
  createUnbindToken,
  fromPkcs8,
  type Profile,
} from 'keyblock/tr34';
import { issueCrl } from 'keyblock/tr34/pki';
import {
  Certificate,
  CertificateChainValidationEngine,
  CertificateRevocationList,
  ContentInfo,
  EnvelopedData,
  SignedData,
} from 'pkijs';
import { describe, expect, it } from 'vitest';
import { parseKeyBlockContent } from '../../src/tr34/tokens/key-block.js';
import { issuerAndSerial, parseCertificate } from '../../src/tr34/x509/certificate.js';
import { at, FAMILIES, issueFamily, notBefore } from './pki/parties.js';

type FamilyName = keyof typeof FAMILIES;
type Cast = Awaited<ReturnType<typeof makeCast>>;

/** All parties under one CA, and its CRL, which may list the KDH. */
async function makeCast(name: FamilyName, kdhIsRevoked = false) {
  const family = FAMILIES[name];
  const issued = await issueFamily(family);
  // As `leafOptions` numbers it.
  const revoked = { serialNumber: Uint8Array.of(0x34, 0, 0, 0, 9), revocationDate: notBefore };
  const crl = await issueCrl({
    issuer: { certificate: issued.ca, pkcs8: family.ca.pkcs8 },
    thisUpdate: notBefore,
    nextUpdate: new Date(at.getTime() + 86_400_000),
    revoked: kdhIsRevoked ? [revoked] : [],
    crlNumber: 7,
  });
  const kdh = await fromPkcs8({ certificate: issued.kdh, pkcs8: family.kdh.pkcs8 });
  return { ...issued, crl, signer: kdh, family };
}

const HEADER = 'D0000K0AB00E0000';
const nonce = crypto.getRandomValues(new Uint8Array(16));

async function send(cast: Cast, profile: Profile, lengthBits: number) {
  const key = generateKey({ algorithm: 'AES', lengthBits });
  const token = await createKeyToken({
    kdh: cast.signer,
    krdCertificate: cast.krd,
    trust: { root: cast.root, caKrd: cast.ca },
    key,
    header: HEADER,
    freshness: { nonce },
    crl: cast.crl,
    profile,
    at,
  });
  return { key, token };
}

/** The SignedData of a token, to which the certificate of the signer is added: no token has it. */
function parse(token: Uint8Array<ArrayBuffer>, signer: Uint8Array<ArrayBuffer>): SignedData {
  const info = ContentInfo.fromBER(token.buffer);
  expect(info.contentType).toBe(ContentInfo.SIGNED_DATA);
  const signedData = new SignedData({ schema: info.content });
  expect(signedData.certificates ?? []).toEqual([]);
  signedData.certificates = [Certificate.fromBER(signer.buffer)];
  return signedData;
}

function contentOf(signedData: SignedData): Uint8Array<ArrayBuffer> {
  const content = signedData.encapContentInfo.eContent as OctetString; // there is one
  return new Uint8Array(content.getValue());
}

const KEY_TOKENS = [
  ['cms', 'RSA-4096', 128],
  ['ec', 'P-384', 192],
  ['ec', 'P-521', 256],
  ['tr34-2019', 'RSA-4096', 128],
  ['annex-b', 'RSA-4096', 128],
  ['annex-d', 'RSA-4096', 128],
] as const satisfies readonly (readonly [Profile, FamilyName, number])[];

describe('pkijs verifies a key token', () => {
  it.each(KEY_TOKENS)('%s, %s', async (profile, name, lengthBits) => {
    const cast = await makeCast(name);
    const { token } = await send(cast, profile, lengthBits);
    const signedData = parse(token, cast.kdh);
    expect(signedData.encapContentInfo.eContentType).toBe(ContentInfo.ENVELOPED_DATA);
    expect(await signedData.verify({ signer: 0, checkChain: false })).toBe(true);
    expect(signedData.crls).toHaveLength(1);
    expect(EnvelopedData.fromBER(contentOf(signedData).buffer).recipientInfos).toHaveLength(1);
  });

  it.each(KEY_TOKENS.slice(0, 3))('with its path: %s, %s', async (profile, name, lengthBits) => {
    const cast = await makeCast(name);
    const { token } = await send(cast, profile, lengthBits);
    const signedData = parse(token, cast.kdh);
    signedData.certificates?.push(Certificate.fromBER(cast.ca.buffer));
    const trustedCerts = [Certificate.fromBER(cast.root.buffer)];
    const result = await signedData.verify({
      signer: 0,
      checkChain: true,
      trustedCerts,
      checkDate: at,
      passedWhenNotRevValues: true, // there is no CRL of the root
      extendedMode: true,
    });
    expect(result).toMatchObject({ signatureVerified: true, signerCertificateVerified: true });
  });

  it.each(KEY_TOKENS.slice(0, 3))('unless it was altered: %s, %s', async (profile, name, bits) => {
    const cast = await makeCast(name);
    const { token } = await send(cast, profile, bits);
    const end = token.length - 1;
    token[end] = (token[end] ?? 0) ^ 1;
    const verifying = parse(token, cast.kdh).verify({ signer: 0, checkChain: false });
    // It answers or throws, depending on where it notices.
    expect(await verifying.catch(() => false)).toBe(false);
  });
});

describe('pkijs decrypts an envelope', () => {
  it.each(['cms', 'annex-d'] as const)('%s', async (profile) => {
    const cast = await makeCast('RSA-4096');
    const { token, key } = await send(cast, profile, 128);
    const envelope = EnvelopedData.fromBER(contentOf(parse(token, cast.kdh)).buffer);
    const plaintext = await envelope.decrypt(0, {
      recipientCertificate: Certificate.fromBER(cast.krd.buffer),
      recipientPrivateKey: cast.family.krd.pkcs8.slice().buffer,
    });
    const block = parseKeyBlockContent(new Uint8Array(plaintext));
    expect(block?.key).toEqual(key.expose());
    expect(block?.kdh).toEqual(issuerAndSerial(parseCertificate(cast.kdh)));
  });
});

describe('pkijs verifies tokens about bindings', () => {
  it.each([
    ['RSA-2048', 'cms'],
    ['RSA-2048', 'tr34-2019'],
    ['P-521', 'cms'],
  ] as const)('%s, %s', async (name, profile) => {
    const { signer: kdh, krd, crl, ca, family, ...cast } = await makeCast(name);
    const common = { kdh, krdCertificate: krd, nonce, crl, profile };
    const unbind = parse(await createUnbindToken(common), cast.kdh);
    expect(await unbind.verify({ signer: 0, checkChain: false })).toBe(true);
    expect(contentOf(unbind)).toEqual(issuerAndSerial(parseCertificate(krd)));
    const rebind = parse(
      await createRebindToken({ ...common, newKdhCertificate: cast.kdh }),
      cast.kdh,
    );
    expect(await rebind.verify({ signer: 0, checkChain: false })).toBe(true);

    const authority = await fromPkcs8({ certificate: ca, pkcs8: family.ca.pkcs8 });
    const parties = { authority, krdCertificate: krd, kdhCertificate: cast.kdh };
    const released = parse(await createAuthorityUnbindToken(parties), ca);
    expect(released.signerInfos[0]?.signedAttrs).toBeUndefined();
    expect(await released.verify({ signer: 0, checkChain: false })).toBe(true);
  });

  it('reads a credential', async () => {
    const { kdh, crl } = await makeCast('P-521');
    const token = createCredentialToken({ certificate: kdh, crl });
    const { content } = ContentInfo.fromBER(token.buffer);
    const signedData = new SignedData({ schema: content });
    const [certificate] = signedData.certificates ?? [];
    expect(new Uint8Array(certificate?.toSchema().toBER() ?? [])).toEqual(kdh);
    expect(signedData.crls).toHaveLength(1);
    expect(signedData.signerInfos).toEqual([]);
  });
});

describe.each(['RSA-2048', 'RSA-4096', 'P-384', 'P-521'] as const)('pkijs with %s', (name) => {
  it('verifies every certificate and the CRL', async () => {
    const cast = await makeCast(name, true);
    const [root, ca, kdh, krd] = [cast.root, cast.ca, cast.kdh, cast.krd].map((der) =>
      Certificate.fromBER(der.buffer),
    ) as [Certificate, Certificate, Certificate, Certificate]; // four of four
    expect(await root.verify()).toBe(true);
    expect(await ca.verify(root)).toBe(true);
    expect(await kdh.verify(ca)).toBe(true);
    expect(await krd.verify(ca)).toBe(true);
    await expect(kdh.verify(root)).resolves.toBe(false);
    const crl = CertificateRevocationList.fromBER(cast.crl.buffer);
    expect(await crl.verify({ issuerCertificate: ca })).toBe(true);
    expect([kdh, krd].map((certificate) => crl.isCertificateRevoked(certificate))).toEqual([
      true,
      false,
    ]);
  });

  it.each([false, true])('validates the path of a host, revoked: %s', async (revoked) => {
    const cast = await makeCast(name, revoked);
    const engine = new CertificateChainValidationEngine({
      trustedCerts: [Certificate.fromBER(cast.root.buffer)],
      certs: [cast.ca, cast.kdh].map((der) => Certificate.fromBER(der.buffer)),
      crls: [CertificateRevocationList.fromBER(cast.crl.buffer)],
      checkDate: at,
    });
    const result = await engine.verify({ passedWhenNotRevValues: true }); // none of the root
    expect(result).toMatchObject({ result: !revoked });
  });

  it('reads back every octet', async () => {
    const { root, ca, kdh, krd, crl } = await makeCast(name);
    for (const der of [root, ca, kdh, krd]) {
      const again = Certificate.fromBER(der.buffer).toSchema(true).toBER();
      expect(new Uint8Array(again)).toEqual(der);
    }
    const again = CertificateRevocationList.fromBER(crl.buffer).toSchema(true).toBER();
    expect(new Uint8Array(again)).toEqual(crl);
    expect(fromBER(crl.buffer).offset).toBe(crl.length);
  });
});
