import { type AsnType, fromBER } from 'asn1js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/hex.js';
import { children, type DerElement, readDer } from '../../../src/tr34/der/reader.js';
import { fromBase64, RECEIVER_CASES, TOKEN_VECTORS } from '../vectors.js';
import { almostDer, anyDer } from './arbitraries.js';

/** What a value is made of: a tag, and its octets or its elements. */
type Shape = readonly [number, string | readonly Shape[]];

describe('beside asn1js', () => {
  it.each(TOKEN_VECTORS)('$id is the same', ({ base64 }) => {
    expectSame(fromBase64(base64));
  });

  it('the tokens for the receiver are the same', () => {
    for (const { base64 } of RECEIVER_CASES) expectSame(fromBase64(base64));
  });

  it('DER is the same', () => {
    fc.assert(
      fc.property(anyDer, (bytes) => {
        expect(expectSame(bytes)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('whatever is taken for DER is the same', () => {
    fc.assert(
      fc.property(fc.oneof(almostDer, fc.uint8Array({ maxLength: 20 })), (bytes) => {
        expectSame(bytes);
      }),
      { numRuns: 5000 },
    );
  });
});

/** Compares what both accept. What is DER is BER too, so asn1js has to accept it. */
function expectSame(bytes: Uint8Array): boolean {
  const own = ownShape(bytes);
  if (own === undefined) return false;
  const { offset, result } = fromBER(bytes, { parseEmbedded: false });
  expect(offset).toBe(bytes.length);
  expect(shapeOfAsn1js(result)).toEqual(own);
  return true;
}

function ownShape(bytes: Uint8Array): Shape | undefined {
  const shape = (element: DerElement): Shape => [
    element.tag,
    (element.tag & 0x20) === 0 ? toHex(element.content) : children(element).map(shape),
  ];
  try {
    return shape(readDer(bytes));
  } catch {
    return undefined;
  }
}

/** Octets are compared as they stood in the input: what asn1js makes of them is its own affair. */
function shapeOfAsn1js(result: AsnType): Shape {
  const { tagClass, tagNumber, isConstructed } = result.idBlock;
  const tag = ((tagClass - 1) << 6) | (isConstructed ? 0x20 : 0) | tagNumber;
  if (!isConstructed) {
    const before = new Uint8Array(result.valueBeforeDecodeView);
    const content = before.subarray(result.idBlock.blockLength + result.lenBlock.blockLength);
    return [tag, toHex(content.subarray(0, result.lenBlock.length))];
  }
  const { value } = result.valueBlock as unknown as { value: readonly AsnType[] }; // constructed
  return [tag, value.map(shapeOfAsn1js)];
}
