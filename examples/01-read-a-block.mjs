// Says what a key block says about itself, character by character. No key needed.
import { describeKeyBlock, KeyblockError, parseKeyBlock } from 'keyblock';

const keyBlock =
  'C0096B0TX12S0100KS1800604B120F9292800000BFB9B689CB567E66FC3FEE5AD5F52161FC6545B9D60989015D02155C';

console.table(
  describeKeyBlock(keyBlock).map(({ offset, name, text, meaning, clause }) => ({
    offset,
    name,
    text: text.length > 24 ? `${text.slice(0, 23)}…` : text,
    meaning,
    clause,
  })),
);

// Errors point at the character.
try {
  parseKeyBlock(keyBlock.replace('KS18', 'KS99'));
} catch (error) {
  if (!(error instanceof KeyblockError)) throw error;
  console.log(`${error.code}, ${error.field} at offset ${error.offset}`);
}
