import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDer } from '../../../src/tr34/der/reader.js';
import { TAG } from '../../../src/tr34/der/tags.js';
import { encodeElement, oid, sequence, set } from '../../../src/tr34/der/writer.js';
import { nameOf, publicKeyOf } from '../../../src/tr34/pki/structures.js';
import { readPublicKey } from '../../../src/tr34/x509/public-key.js';
import { anyOid } from '../der/arbitraries.js';
import { TOKEN_VECTORS, tokenCertificate } from '../vectors.js';

const anyString = fc
  .tuple(
    fc.constantFrom(
      TAG.UTF8_STRING,
      TAG.NUMERIC_STRING,
      TAG.PRINTABLE_STRING,
      TAG.TELETEX_STRING,
      TAG.IA5_STRING,
      TAG.VISIBLE_STRING,
      TAG.BMP_STRING,
      TAG.UNIVERSAL_STRING,
    ),
    fc.uint8Array({ maxLength: 40 }),
  )
  .map(([tag, octets]) => encodeElement(tag, octets.subarray(0, octets.length & ~3)));

const anyName = fc
  .array(fc.array(fc.tuple(anyOid, anyString), { maxLength: 2 }), { maxLength: 4 })
  .map((names) =>
    sequence(
      ...names.map((attributes) =>
        set(...attributes.map(([type, value]) => sequence(oid(type), value))),
      ),
    ),
  );

describe('nameOf', () => {
  it('keeps a name octet for octet, whatever its strings hold', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        readDer(name);
        expect(new Uint8Array(nameOf(name).toSchema().toBER())).toEqual(name);
      }),
    );
  });
});

describe('publicKeyOf', () => {
  it.each(TOKEN_VECTORS.filter(({ kind }) => kind === 'certificate').map(({ id }) => id))(
    'keeps the key of %s octet for octet',
    (id) => {
      const { publicKey } = tokenCertificate(id);
      const bytes = new Uint8Array(publicKeyOf(publicKey).toSchema().toBER());
      expect(readPublicKey(readDer(bytes))).toEqual(publicKey);
    },
  );
});
