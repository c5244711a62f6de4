/**
 * Every intermediate value of an unwrap, right or wrong: at which step do two sides part?
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { createCmac } from '../primitives/cmac.js';
import { asciiText, encodeHex } from '../primitives/hex.js';
import type { KeyInput } from '../secret-key.js';
import type { BlockKeys } from './binding/binding.js';
import { decryptMessage, withBlockKeys } from './binding/block-keys.js';
import { createCipher, derivationInputs } from './binding/cmac.js';
import type { KeyBlockHeader } from './header.js';
import { type ScannedKeyBlock, scanKeyBlock } from './parse.js';
import { keyLength } from './payload.js';
import { type AllowOptions, readReportOnly } from './rules.js';
import type { Version } from './versions.js';

/** What {@link traceUnwrap} takes. */
export interface TraceUnwrapOptions extends AllowOptions {
  /** The key block protection key: a test key. */
  readonly kbpk: KeyInput;
  /** The whole block. */
  readonly keyBlock: string;
  /** Says that these are test keys: the trace shows keys, and plaintext that is not authentic. */
  readonly testKey: true;
}

/** One value on the way, in the order of the computation. */
export interface TraceStep {
  /** What it is, such as `KBEK` or `CMAC(0100000000000080)`. */
  readonly name: string;
  /** Upper-case hex; the header is text. */
  readonly value: string;
}

/** What {@link traceUnwrap} returns. */
export interface UnwrapTrace {
  /** What the block says, authentic only if `macValid`. */
  readonly header: KeyBlockHeader;
  /** Every intermediate value. */
  readonly steps: readonly TraceStep[];
  /** Whether the MAC of the block is the one computed. */
  readonly macValid: boolean;
  /**
   * Whether the length in front of the key is sound. Where the MAC is wrong it tells an altered
   * header, under which the length of versions B, D and E stays sound, from a wrong KBPK, which
   * finds one by chance: as often in 65,536 times as the payload has bytes for a key. An altered
   * payload or MAC may look like either. It depends on plaintext that is not authentic, as the
   * steps do: nothing to tell a sender of blocks.
   */
  readonly lengthValid: boolean;
}

/**
 * Unwraps step by step and shows every value, whether the MAC is right or wrong. This is the one
 * function that shows plaintext that is not authentic, so it is for test keys only, and wants
 * `testKey: true` to say so.
 *
 * @param options - The KBPK, the block, and `testKey: true`.
 * @returns The steps, and what came of them.
 * @throws {@link KeyblockError} when the text is malformed, as `parseKeyBlock` in interoperable
 * validation does; `INVALID_ARGUMENT`, `KBPK_MISMATCH` or `KEY_DESTROYED`.
 *
 * @example
 * ```ts
 * import { fromHex, traceUnwrap } from 'keyblock';
 *
 * const { steps, macValid } = traceUnwrap({
 *   kbpk: fromHex('89E88CF7931444F334BD7547FC3F380C'),
 *   keyBlock: 'A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701',
 *   testKey: true,
 * });
 * steps.find(({ name }) => name === 'KBEK')?.value; // 'CCADC9B2D65101B671F83002B97A7D49'
 * macValid; // true
 * ```
 */
export function traceUnwrap(options: TraceUnwrapOptions): UnwrapTrace {
  requireObject(options, 'options');
  if (own(options, 'testKey') !== true) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'testKey' });
  }
  const keyBlock = scanKeyBlock(own(options, 'keyBlock'), readReportOnly(options));
  const { version, scanned, message, mac } = keyBlock;
  const { header, headerLength } = scanned;
  return withBlockKeys(own(options, 'kbpk'), 'kbpk', version, (keys) => {
    const before = [
      ...keySteps(keys, version),
      { name: 'header', value: asciiText(message.subarray(0, headerLength)) },
      ...messageSteps(keyBlock),
    ];
    const computed = decryptMessage(keys, message, headerLength, mac);
    const macValid = encodeHex(computed) === encodeHex(mac);
    const { steps, lengthValid } = payloadSteps(message, headerLength);
    message.fill(0);
    const macStep = { name: 'MAC computed', value: encodeHex(computed) };
    return { header, steps: [...before, ...steps, macStep], macValid, lengthValid };
  });
}

function keySteps(keys: BlockKeys, version: Version): TraceStep[] {
  const steps: TraceStep[] = [{ name: 'KBPK', value: encodeHex(keys.kbpk) }];
  if (version.binding !== 'variant') steps.push(...derivationSteps(keys.kbpk, version));
  steps.push({ name: 'KBEK', value: encodeHex(keys.kbek) });
  steps.push({ name: 'KBAK', value: encodeHex(keys.kbak) });
  return steps;
}

function derivationSteps(kbpk: Uint8Array, version: Version): TraceStep[] {
  const prf = createCmac(createCipher(kbpk, version));
  const uses = [version.binding === 'aes-cmac-ctr' ? 'ctr' : 'cbc', 'mac'] as const;
  const steps = uses
    .flatMap((use) => derivationInputs(kbpk.length, version, use))
    .map((input) => ({
      name: `CMAC(${encodeHex(input)})`,
      value: encodeHex(prf.compute(input)),
    }));
  prf.destroy();
  return steps;
}

function messageSteps({ version, scanned, message, mac }: ScannedKeyBlock): TraceStep[] {
  const iv = version.binding === 'variant' ? message.subarray(0, 8) : mac;
  const name = version.binding === 'aes-cmac-ctr' ? 'initial counter' : 'IV';
  return [
    { name: 'MAC received', value: encodeHex(mac) },
    { name, value: encodeHex(iv) },
    { name: 'encrypted payload', value: encodeHex(message.subarray(scanned.headerLength)) },
  ];
}

/** The payload in clear, divided as its own length field says, where that is possible. */
function payloadSteps(
  message: Uint8Array,
  headerLength: number,
): { readonly steps: readonly TraceStep[]; readonly lengthValid: boolean } {
  const payload = message.subarray(headerLength);
  const length = keyLength(message, headerLength);
  const steps = [
    { name: 'clear payload', value: encodeHex(payload) },
    { name: 'key length in bits', value: encodeHex(payload, 2) },
  ];
  if (length !== undefined) {
    steps.push({ name: 'key', value: encodeHex(payload.subarray(2, 2 + length)) });
    steps.push({ name: 'padding', value: encodeHex(payload.subarray(2 + length)) });
  }
  return { steps, lengthValid: length !== undefined };
}
