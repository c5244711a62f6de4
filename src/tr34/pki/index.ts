/**
 * Certificates, certificate requests and CRLs for the parties of TR-34, and PEM.
 *
 * @module
 */

export {
  KeyblockError,
  type KeyblockErrorCode,
  type KeyblockErrorDetails,
  type KeyblockErrorField,
} from '../../errors.js';
export type { RandomBytes } from '../../primitives/random.js';
export {
  type CertificateRequest,
  type CreateCertificateRequestOptions,
  createCertificateRequest,
  readCertificateRequest,
} from './certificate-request.js';
export {
  type GenerateKeyPairOptions,
  generateKeyPair,
  type KeyPair,
  type KeyPairAlgorithm,
  type KeyPairPurpose,
} from './generate-key-pair.js';
export { type IssueCertificateOptions, issueCertificate } from './issue-certificate.js';
export { type IssueCrlOptions, issueCrl, type RevokedCertificateEntry } from './issue-crl.js';
export type { CertificateIssuer } from './issuer.js';
export type { CertificateSubject } from './names.js';
export { fromPem, type PemBlock, type ToPemOptions, toPem } from './pem.js';
export type { CertificateRole } from './role.js';
