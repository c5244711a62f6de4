/** Base64, canonical: the standard alphabet, padded, one text for one value. */

/** Decodes canonical base64; undefined for anything else, the empty text included. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length === 0 || text.length % 4 !== 0) return undefined;
  if (!/^[0-9A-Za-z+/]+={0,2}$/.test(text)) return undefined;
  const binary = atob(text);
  // `atob` ignores the unused bits before the padding.
  if (btoa(binary) !== text) return undefined;
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** Encodes bytes. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
