/** Optional block CT: public key certificates in base64 (X9.143 6.3.6.3 tables 10 and 11). */

import { fromBase64, toBase64 } from '../primitives/base64.js';

/** A certificate of optional block CT. */
export interface Certificate {
  /** X.509 in DER, or an EMV certificate. */
  readonly format: 'X.509' | 'EMV';
  /** The certificate itself, decoded from base64. */
  readonly certificate: Uint8Array<ArrayBuffer>;
}

/** What optional block CT holds. */
export interface CertificateData {
  /** One certificate, or a chain: the end entity first, then its issuers, without the root. */
  readonly form: 'single' | 'chain';
  readonly certificates: readonly Certificate[];
}

const FORMATS = { '00': 'X.509', '01': 'EMV' } as const;

/** Reads the data of a CT block; undefined where it is malformed. */
export function readCertificates(data: string): CertificateData | undefined {
  if (!data.startsWith('02')) {
    const single = readCertificate(data.slice(0, 2), data.slice(2));
    return single && { form: 'single', certificates: [single] };
  }
  const certificates: Certificate[] = [];
  for (let at = 2; at < data.length; ) {
    const digits = data.slice(at + 2, at + 6);
    if (!/^[0-9A-F]{4}$/.test(digits)) return undefined;
    const end = at + 6 + Number.parseInt(digits, 16);
    if (end > data.length) return undefined;
    const certificate = readCertificate(data.slice(at, at + 2), data.slice(at + 6, end));
    if (certificate === undefined) return undefined;
    certificates.push(certificate);
    at = end;
  }
  return certificates.length === 0 ? undefined : { form: 'chain', certificates };
}

/** Formats the data of a CT block; undefined where a chain member is too long for its length. */
export function formatCertificates({ form, certificates }: CertificateData): string | undefined {
  const [first] = certificates;
  if (first === undefined) return undefined;
  if (form === 'single') {
    return certificates.length === 1 ? formatCode(first) + toBase64(first.certificate) : undefined;
  }
  let text = '02';
  for (const member of certificates) {
    const base64 = toBase64(member.certificate);
    if (base64.length > 0xffff) return undefined;
    text += formatCode(member);
    text += base64.length.toString(16).toUpperCase().padStart(4, '0') + base64;
  }
  return text;
}

function formatCode({ format }: Certificate): string {
  return format === 'X.509' ? '00' : '01';
}

function readCertificate(code: string, base64: string): Certificate | undefined {
  if (code !== '00' && code !== '01') return undefined;
  const certificate = fromBase64(base64);
  return certificate && { format: FORMATS[code], certificate };
}
