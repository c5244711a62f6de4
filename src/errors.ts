/**
 * The one error class of this package, its stable codes and the text of each.
 *
 * @module
 */

/**
 * What every code means. A code says what the caller can do about it; `field` and `offset` say
 * where. `docs/errors.md` is generated from this table.
 */
export const ERROR_CODES = {
  INVALID_ARGUMENT: 'An argument is missing, of the wrong type or outside its range.',
  INVALID_HEX: 'A character is not a hex digit of the kind expected, or a digit is missing.',
  INPUT_TOO_LARGE: 'The input or the result is longer than the format allows.',
  INVALID_CHARACTER: 'A key block is printable ASCII only (0x20 to 0x7E).',
  INVALID_LENGTH: 'A length does not fit: of the text, of a field, of a key or of a result.',
  INVALID_HEADER: 'A header field holds a value that is not defined for it.',
  INVALID_OPTIONAL_BLOCK: 'An optional block is malformed, repeated, misplaced or missing.',
  UNSUPPORTED: 'The version, algorithm or form is not supported, or not written unless allowed.',
  KEY_DESTROYED: 'The key was destroyed and can not be used any more.',
  KBPK_MISMATCH: 'The KBPK is not one that this version of key block can use.',
  AUTHENTICATION_FAILED: 'The key block is not authentic under this KBPK.',
  INVALID_PAYLOAD: 'The key block is authentic, but the key inside it is malformed.',
  KCV_MISMATCH: 'A check value does not belong to the key it describes.',
  KEY_STRENGTH: 'The wrapping key is weaker than the key it protects.',
  WEAK_KEY: 'The key is weak: single DES, repeated parts, a known weak key, or zero.',
  USAGE_NOT_ALLOWED:
    'The usage would change or the mode widen, or the usage does not have this mode or algorithm.',
  EXPORT_NOT_ALLOWED: 'The exportability may be kept or narrowed, never widened.',
  CONTEXT_MISMATCH:
    'The key context would be widened, or the block belongs to another record, profile or region.',
  TOKEN_MALFORMED: 'A token, certificate or CRL is not the DER structure that it has to be.',
  ALGORITHM_NOT_ALLOWED: 'An algorithm or its parameters are not among those allowed.',
  CERTIFICATE_UNTRUSTED:
    'A certificate does not lead to the pinned CA, or not for this use or time.',
  CERTIFICATE_REVOKED: 'A certificate is on the CRL of its issuer.',
  CRL_REJECTED: 'The CRL is missing, stale, older than the last one, or not by the pinned CA.',
  SIGNATURE_INVALID: 'The token is not signed by the party it has to come from.',
  RECIPIENT_MISMATCH: 'The token is for another device, or names another binding.',
  FRESHNESS: 'The nonce or the time of the token is missing, wrong, or was used before.',
  TOKEN_REJECTED: 'The key in the token can not be opened, or was not sealed for this token.',
  STATE_CONFLICT: 'The operation does not fit the state, or the state is not one of this library.',
  UNKNOWN_KEY_VERSION:
    'That version of the main key is not at hand: refresh record and ring, retry.',
  STALE_VERSION: 'The record, or its block, is of a version that was left behind.',
  APPROVAL_REQUIRED: 'Too few people have consented to this very operation, or not in time.',
} as const;

/**
 * Every stable error code.
 *
 * Codes are part of the public API: renaming or removing one is a breaking change.
 */
export type KeyblockErrorCode = keyof typeof ERROR_CODES;

/** What each field name stands for, and what it has to hold: the second half of a message. */
export const ERROR_FIELDS = {
  // The text of a key block, in the order of the text.
  keyBlock:
    'a string of 16 to 9999 characters, whole cipher blocks of 8 (A, B, C) or 16 (D); many: an array',
  versionId: 'A, B, C, D or E; A and C are written only with allow version-a-or-c',
  keyBlockLength: 'four decimal digits that equal the number of characters',
  keyUsage: 'two characters of the usage table',
  algorithm:
    "of a key 'AES', 'TDES', 'HMAC' and others, in a header a letter, as 'A'; the two have to agree",
  modeOfUse: 'a letter of the mode table',
  keyVersionNumber: 'two of 0-9 A-Z, or c and one of them',
  exportability: 'E, N or S',
  optionalBlockCount: 'two decimal digits',
  keyContext: '0, 1 or 2',
  reserved: '0',
  optionalBlocks:
    '{ id, data }, each id once, of the standard or two digits; the library adds PB; HMAC keys need HM',
  payload: 'upper-case hex, whole cipher blocks (version E: whole bytes)',
  mac: 'upper-case hex to the end of the text',
  // Arguments.
  options: 'one object that holds the named options; in bulk see engine and aes',
  header: 'of a key block, or its changes; in TR-34 a text, see formatHeader',
  kbpk: 'a SecretKey or Uint8Array, TDES for A, B and C, AES for D and E; see fromHex',
  from: 'KBPK of the given block: TDES for A, B and C, AES for D and E; see fromHex',
  to: 'KBPK of the new block: TDES for B, AES for D and E, see header.versionId and fromHex',
  key: 'a SecretKey or Uint8Array that fits its algorithm and its KBPK; see fromHex',
  bytes: 'a Uint8Array of a length that the algorithm has; see fromHex and SecretKey.expose',
  hex: 'an even number of hex digits, no separators',
  hash: "one that block HM can name; check values take 'SHA-1' to 'SHA-512'",
  method: "'legacy', 'cmac' or 'hmac', one that the algorithm has",
  kcv: 'at least four hex digits, no more than the method gives; hierarchy: { method, value }',
  length: 'a whole number of bytes within the range of the method',
  lengthBits: 'AES 128, 192 or 256; TDES 128 or 192; HMAC 112 to 8192 by eights',
  components: 'at least two Uint8Arrays of equal length, no two equal, not cancelling out',
  count: 'components: 2 to 16; records: as many as the store counts',
  validation: "'strict' or 'interoperable'",
  allow: 'an array of the words in docs/errors.md',
  checkValues: "an array of 'KC' and 'KP'",
  maskedKeyLength: "'x9.143', 'none' or a number of bytes, not below the key's",
  randomBytes: 'a function that returns a Uint8Array of the length asked for',
  time: "YYYY-MM-DDThh:mm:ssZ, as new Date().toISOString().slice(0, 19) + 'Z'",
  testKey: 'true, to say that unauthenticated plaintext may be shown',
  // TR-34.
  token: 'DER, up to 64 KiB: a Uint8Array; hierarchy: a MainKeyToken',
  certificate: 'X.509 in DER, see fromPem; in records base64; in a token by trust.caKdh, in date',
  crl: 'X.509 in DER, of the CA that issued the certificate',
  trust: 'the certificates root, caKdh and caKrd',
  nonce: '8 to 64 bytes',
  at: 'a valid Date, the present time; now is a function that gives it',
  state: 'what the function before returned; a nonce is for a bound device',
  policy: 'an object of the documented options',
  signer: '{ algorithm, certificate, sign }',
  unwrapper: '{ certificate, unwrap }, with the certificate of the device',
  kdh: 'TR-34: the signer of the KDH; hierarchy: { hsmId }',
  authority: 'the signer of the CA of the KRD',
  krdCertificate: 'X.509 in DER, of a KRD and not to sign with, by trust.caKrd, in date',
  newKdhCertificate: 'X.509 in DER, of the next KDH',
  keyEncryptor: 'a function from the content key to its ciphertext',
  recipient: 'issuer and serial number of a certificate',
  freshness: '{ nonce } or { signingTime }',
  signingTime: 'a valid Date from 1950 on',
  profile:
    'TR-34: a documented one, that fits the key of the device; on receiving, one of policy.accept; hierarchy: a record of one',
  ukm: '64 bytes',
  strength: "'sp800-57', 'tr34' or 'off'",
  pem: 'blocks of base64 in lines of 64 characters, up to 1 MiB',
  pkcs8: 'a private key in DER, of the certificate',
  // What is issued.
  role: "'root', 'ca', 'kdh' or 'krd'",
  purpose: "'sign'; 'decrypt' for RSA; 'agree' for elliptic curves",
  subject: 'commonName and organization of up to 64 characters, country of two letters',
  publicKey: 'SubjectPublicKeyInfo in DER; RSA-2048 to 4096, P-256, P-384 or P-521',
  issuer: '{ certificate, pkcs8 } of a CA that may do this; none for a root',
  serialNumber: "bytes, not zero, up to 20 as an INTEGER; or 'random'",
  notBefore: 'a valid Date from 1950 on',
  notAfter: 'a valid Date, after notBefore',
  thisUpdate: 'a valid Date from 1950 on',
  nextUpdate: 'a valid Date, after thisUpdate',
  revoked: '{ serialNumber, revocationDate } of up to 500 certificates, each once',
  crlNumber: 'a whole number from 0 on',
  request: 'PKCS#10 in DER',
  label: 'PEM: words of capital letters and digits, up to 64 characters; LB: printable ASCII',
  der: 'a Uint8Array, not empty',
  // Private keys, and keys that are agreed on.
  signingKey: 'a CryptoKey that signs, of the certificate',
  decryptionKey: 'a CryptoKey of RSA-OAEP or ECDH, of the certificate',
  unwrapRequest: "{ kind: 'oaep' } or { kind: 'ecdh' }, with what belongs to it",
  privateKey: 'PKCS#8 in DER, of the same curve as publicKey',
  curve: "'P-256', 'P-384' or 'P-521'",
  kdf: "'x9.63' or 'sp800-56c'",
  sharedInfo: 'bytes that both sides use, up to 64 KiB',
  // The hierarchy.
  env: '{ at, randomBytes? }',
  record: 'a whole record of the right kind, as it was stored',
  region: 'the record of a region',
  ring: 'createKeyRing({ keys: [{ ref: { keyId, version }, key }] }), with the main keys in it',
  place: 'the block belongs elsewhere',
  slot: '{ under, block, kbpkKcv, digest } of the record',
  attributes: 'keyUsage, algorithm, keyBits, modeOfUse, exportability of one key',
  approvals: 'of different people, over the digest of the operation, in time',
  regionId: '1 to 32 of letters, digits and . _ : -',
  profileId: '1 to 32 of letters, digits and . _ -',
  hsmId: '1 to 64 of letters, digits and . _ : / -',
  keyId: '1 to 64 of letters, digits and . _ : / -',
  alias: '1 to 128 of letters, digits and . _ : / -',
  owner: '1 to 128 printable characters',
  config: 'JSON',
  tags: 'up to 200, keys of 1 to 128 and values of up to 256 characters',
  days: 'a whole number from 3 to 180',
  job: 'a rotation job, as it was stored',
  port: 'a TranslatePort',
  event: 'an event, answer or inventory of replication; see inventoryOf',
} as const;

/** Every field that an error names. */
export type KeyblockErrorField = keyof typeof ERROR_FIELDS;

/** Where in the input the problem is. Never holds key material, nor the input itself. */
export interface KeyblockErrorDetails {
  /** The argument, or the header field by its name in X9.143. */
  readonly field?: KeyblockErrorField | undefined;
  /** Offset of the first offending character of the text, or byte of the DER. */
  readonly offset?: number | undefined;
}

/**
 * Thrown by every function of this package, and the only thing they throw. What a function that the
 * caller passes in throws, such as a generator of random bytes, comes through as it is.
 *
 * The message is a constant text for each code and field: no input, no key material and no `cause`
 * ever travel in it.
 *
 * @example
 * ```ts
 * import { KeyblockError, parseKeyBlock } from 'keyblock';
 *
 * try {
 *   parseKeyBlock('D0017P0AE00E0000');
 * } catch (error) {
 *   if (!(error instanceof KeyblockError)) throw error;
 *   error.code; // 'INVALID_LENGTH'
 *   error.field; // 'keyBlockLength'
 *   error.offset; // 1
 * }
 * ```
 */
export class KeyblockError extends Error {
  /** Always `'KeyblockError'`, also after a minifier renamed the class. */
  override readonly name = 'KeyblockError';
  /** Stable code to branch on. */
  readonly code: KeyblockErrorCode;
  /** The argument, or the header field by its name in X9.143. */
  readonly field: KeyblockErrorField | undefined;
  /** Offset of the first offending character of the text, or byte of the DER. */
  readonly offset: number | undefined;

  /**
   * @param code - What went wrong.
   * @param details - Where.
   */
  constructor(code: KeyblockErrorCode, details: KeyblockErrorDetails = {}) {
    // Own properties only, as everywhere: `Object.prototype` names no field.
    const field = Object.hasOwn(details, 'field') ? details.field : undefined;
    const offset = Object.hasOwn(details, 'offset') ? details.offset : undefined;
    super(field === undefined ? ERROR_CODES[code] : `${ERROR_CODES[code]} ${hint(field)}`);
    this.code = code;
    this.field = field;
    this.offset = offset;
    Object.freeze(this);
  }
}

function hint(field: KeyblockErrorField): string {
  return `(${field}: ${ERROR_FIELDS[field]})`;
}
