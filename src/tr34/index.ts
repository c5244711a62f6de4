/**
 * TR-34: the tokens of a key distribution host and of a key receiving device.
 *
 * @module
 */

export {
  KeyblockError,
  type KeyblockErrorCode,
  type KeyblockErrorDetails,
  type KeyblockErrorField,
} from '../errors.js';
export type { RandomBytes } from '../primitives/random.js';
export { type KeyInput, SecretKey, type SecretKeyOptions } from '../secret-key.js';
export type { FieldDescription } from '../tr31/describe.js';
export {
  type AuthorityRebindTokenOptions,
  type AuthorityUnbindTokenOptions,
  type BindingProfile,
  createAuthorityRebindToken,
  createAuthorityUnbindToken,
  createRebindToken,
  createUnbindToken,
  type RebindTokenOptions,
  type UnbindTokenOptions,
} from './binding.js';
export type { WrapAlgorithm } from './crypto/unwrap.js';
export { describeToken } from './describe-token.js';
export {
  type CreateKeyTokenOptions,
  createCredentialToken,
  createKeyToken,
  type TokenFreshness,
} from './kdh.js';
export {
  type DeriveExchangeKeyOptions,
  deriveExchangeKey,
  type ExchangeKeyPair,
  type GenerateExchangeKeyPairOptions,
  generateExchangeKeyPair,
} from './key-exchange.js';
export {
  type EcdhUnwrapRequest,
  type FromCryptoKeyOptions,
  type FromPkcs8Options,
  fromCryptoKey,
  fromPkcs8,
  type KeyUnwrapper,
  type OaepUnwrapRequest,
  type SignatureScheme,
  type Signer,
  type TokenHash,
  type UnwrapRequest,
  type WebCryptoKey,
} from './keys.js';
export type {
  BoundEvent,
  KeyEvent,
  KrdEvent,
  ReboundEvent,
  RefusedEvent,
  UnboundEvent,
} from './krd/event.js';
export type { ReceivePolicy } from './krd/policy.js';
export { type Received, type ReceiveOptions, receive } from './krd/receive.js';
export { type CreateKrdOptions, createKrd, type KrdState, requestNonce } from './krd/state.js';
export { parseToken, type Token, type TokenKind } from './parse-token.js';
export type { Profile } from './profiles.js';
export type { StrengthRule } from './strength.js';
export type { ContentKeyEncryptor } from './tokens/envelope.js';
export type { Tolerance } from './x509/path.js';
export type { CurveName } from './x509/public-key.js';
