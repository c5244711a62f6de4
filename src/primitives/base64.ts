/** Base64, canonical: the standard alphabet, padded, one text for one value. */

/** Decodes canonical base64; undefined for anything else, the empty text included. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length === 0 || text.length % 4 !== 0) return undefined;
  const binary = decodeBinary(text);
  if (binary === undefined) return undefined;
  // `atob` skips white space, which leaves fewer bytes than there are characters for.
  const padding = text.endsWith('==') ? 2 : Number(text.endsWith('='));
  if (binary.length !== (text.length / 4) * 3 - padding) return undefined;
  // `atob` ignores the unused bits before the padding.
  if (btoa(binary.slice(binary.length - 3 + padding)) !== text.slice(-4)) return undefined;
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** Encodes bytes in the alphabet of URLs without padding (RFC 7515), as JSON Web Keys have it. */
export function toBase64Url(bytes: Uint8Array): string {
  const text = toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_');
  return text.slice(0, Math.ceil((bytes.length * 4) / 3));
}

/** Encodes bytes. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function decodeBinary(text: string): string | undefined {
  try {
    return atob(text);
  } catch {
    return undefined;
  }
}
