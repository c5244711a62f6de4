/** An envelope for an RSA device, sealed by hand: whatever a dishonest host may put into it. */
import {
  hex,
  identityOf,
  integer,
  OID,
  octets,
  oid,
  publicKeyOf,
  sequence,
  set,
  tlv,
} from './der.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** SHA-256 twice and no label, without the tags of RFC 8017. */
const OAEP = hex(
  '3038300d06096086480165030402010500301806092a864886f70d010108300b0609608648016503040201' +
    '300d06092a864886f70d0101090400',
);

/** What goes into the envelope. */
export interface Sealed {
  /** The certificate of the host that the key block names. */
  readonly host: Uint8Array;
  /** The certificate of the device. */
  readonly device: Uint8Array;
  readonly key: Uint8Array;
  /** The header inside, as an attribute. */
  readonly header: Uint8Array;
  /** As often as there are devices in the list; once where absent. */
  readonly copies?: number | undefined;
  readonly bytes: (length: number) => Bytes;
}

/** EnvelopedData as section 4.5 has it, with AES-128 inside. */
export async function seal(sealed: Sealed): Promise<Bytes> {
  const { host, device, key, header, bytes, copies = 1 } = sealed;
  const { subtle } = crypto;
  const contentKey = bytes(16);
  const iv = bytes(16);
  const block = sequence(integer(1), identityOf(host), octets(key), header);
  const cipher = await subtle.importKey('raw', contentKey, 'AES-CBC', false, ['encrypt']);
  const ciphertext = await subtle.encrypt({ name: 'AES-CBC', iv }, cipher, block);
  const scheme = { name: 'RSA-OAEP', hash: 'SHA-256' };
  const to = await subtle.importKey('spki', publicKeyOf(device), scheme, false, ['encrypt']);
  const encryptedKey = new Uint8Array(await subtle.encrypt('RSA-OAEP', to, contentKey));
  const recipient = sequence(
    integer(0),
    identityOf(device),
    sequence(oid('2a864886f70d010107'), OAEP),
    octets(encryptedKey),
  );
  return sequence(
    integer(0),
    set(...Array.from({ length: copies }, () => recipient)),
    sequence(
      oid(OID.data),
      sequence(oid('608648016503040102'), octets(iv)),
      tlv(0x80, new Uint8Array(ciphertext)),
    ),
  );
}
