/**
 * The S-boxes of DES and AES as lists of gates.
 *
 * A list is text: gates in order, separated by white space. Inputs and gates are numbered in one
 * row, inputs first, so that the first gate of a list with six inputs is number 6.
 */

/** A circuit: how many inputs it has, its gates, and which numbers are its outputs. */
export interface GateList {
  readonly inputs: number;
  readonly gates: string;
  readonly outputs: readonly number[];
}

/**
 * An S-box of DES whose circuit is S(x ^ invertedInputs) ^ invertedOutputs. No gate pays for an
 * inversion there: they go into the round keys. Bits from the left, as FIPS 46-3 numbers them.
 */
export interface DesSBox extends GateList {
  readonly invertedInputs: number;
  readonly invertedOutputs: number;
}

/**
 * S1 to S8 of DES, in 52, 49, 44, 29, 48, 47, 47 and 36 gates besides NOTs, 44 on average: found for
 * this library. A search takes a gate out of a circuit and puts up to three others in its place, which
 * have to be right only for those inputs on which an output depends on it. It goes on from every
 * circuit that is as long, for a while from slightly longer ones, and keeps of the shortest one with
 * the fewest NOTs. Inputs and outputs are the bits of the box from the left, as FIPS 46-3 numbers them.
 */
export const DES_S_BOXES: readonly DesSBox[] = [
  {
    inputs: 6,
    gates: `
      5^1 6^4 6|3 7&8 9^3 ~10 1&11 10|7 1^13 14^4 12|15 0&16 17^14 18&2 10^19 13^0 21&3 22|4 1|0 ~24
      23&25 20^26 14&3 28^2 17^29 16|0 ~31 20&32 30^33 34^18 35|29 22|6 36^37 ~38 5&39 34^40 27|10
      29|42 9|21 43^44 45|23 1&46 35|23 43&48 1|49 30&39 2|51 50^52 44^53 35|45 40^55 28&56 41^57
      54^58 47^59 27^60
    `,
    outputs: [27, 61, 54, 41],
    invertedInputs: 0b001111,
    invertedOutputs: 0b0001,
  },
  {
    inputs: 6,
    gates: `
      4|3 6^2 1&7 8^6 9&0 4^2 3&1 11^12 13^1 10^14 10&1 5|16 6^13 0|18 19|4 ~17 20&21 15^22 23&7 ~24
      2&25 1^26 20&12 27^28 29&4 19^30 17^31 32&0 33^8 15^34 5|35 0^36 9^37 14&18 3|39 27|23 40^41
      4&42 38^43 5^28 40^32 46&33 35^47 45^48 44|46 4&50 49^51 45&29 40^53 0^11 54^55
    `,
    outputs: [23, 56, 52, 44],
    invertedInputs: 0b101111,
    invertedOutputs: 0b0010,
  },
  {
    inputs: 6,
    gates: `
      5^4 5&3 ~4 3&8 4&2 10^1 2^11 9^12 7|13 2^14 6^15 6^3 6|4 ~11 18&19 20|2 17^21 22^20 3|23 24&1
      25^0 10^5 26&27 7^28 9|29 30&0 17^31 13^32 30&21 ~33 34&35 0|36 16^37 25|18 24^39 0|40 22^41
      25^20 40&6 43^44 13|4 45^46 40^33 45&48 12^49 0&50 47^51
    `,
    outputs: [42, 38, 52, 33],
    invertedInputs: 0b001010,
    invertedOutputs: 0b0011,
  },
  {
    inputs: 6,
    gates: `
      4^3 4^2 6&7 3^8 9^0 7|1 10^11 11&0 12|13 8^14 1^15 6|1 4&17 16^18 8|1 5^20 16|10 6^22 23|9
      7^24 21^25 26|5 19^27 23&21 12^29 28^30 31^26 23^32 28^26
    `,
    outputs: [34, 28, 33, 31],
    invertedInputs: 0b101111,
    invertedOutputs: 0b1000,
  },
  {
    inputs: 6,
    gates: `
      4^0 6^1 7^5 ~4 8&9 10|5 6|2 12&4 13|5 2^14 8&12 16^6 15&17 18|1 ~13 19&20 ~21 11&22 3|23 13|2
      25&1 8^26 27&11 15^28 15&1 21^30 31|25 19^32 10^33 34&0 31^35 ~36 3&37 27^38 ~39 7&40 36&41
      29^42 24^43 44^1 18^39 25^8 46&16 31|48 49^29 3|50 47^51 49^46 34&53 46&7 54|55 52^56 44^57
    `,
    outputs: [58, 52, 45, 46],
    invertedInputs: 0b100001,
    invertedOutputs: 0b1011,
  },
  {
    inputs: 6,
    gates: `
      4^0 5|0 7^5 1^8 6&4 9^10 5&2 7^12 11|13 6^14 15&2 16^11 7|4 15&18 19|3 17^20 21&11 1&22 3^7
      24^6 9^25 26&3 27|4 18^28 24|29 2^30 23^31 32^17 27|5 34^3 4&2 35|36 19^37 23|4 39|1 2|40
      26|16 41&42 34^43 44|25 ~5 41&46 45&47 38^48 38|39 44|1 32^51 50^52
    `,
    outputs: [49, 53, 33, 21],
    invertedInputs: 0b011111,
    invertedOutputs: 0b1000,
  },
  {
    inputs: 6,
    gates: `
      3^1 6&5 7&1 8&4 5^9 8^2 11&3 4|12 13^6 14&0 10&15 14&2 3^17 18^4 16|19 10^20 2^0 21^22 23|3
      ~11 1&25 24^26 ~14 27&28 ~5 27&30 11^31 32^4 24&7 33^34 35&30 22^36 29^37 0&38 39^33 35^3
      41|35 32^42 43^18 0|44 10^45 29&5 46|47 39^48 7^49 43&6 23^51 52&30 50^53 46^41
    `,
    outputs: [40, 55, 54, 23],
    invertedInputs: 0b001110,
    invertedOutputs: 0b1101,
  },
  {
    inputs: 6,
    gates: `
      4&3 2^6 7|1 7|4 3^9 7&1 10^11 12&5 8|13 4^14 15^5 ~16 1&17 15^12 19|1 10&20 21^8 18^22 18|0
      23|24 25^19 26^16 27&5 0^28 29|16 23^30 31^27 21|2 31&33 29|34 35^26 29|23 26^37 15&38 1^39
      40^31 36^41
    `,
    outputs: [32, 27, 36, 42],
    invertedInputs: 0b100110,
    invertedOutputs: 0b0001,
  },
];

/**
 * The S-box of AES but for its constant: S(x) ^ 0x63. The circuit is that of J. Boyar and
 * R. Peralta, "A new combinational logic minimization technique with applications to cryptology"
 * (SEA 2010): a linear layer, an inversion with all the ANDs, another linear layer. The two linear
 * layers were searched anew by the heuristic of that paper. Inputs and outputs are bits from the
 * right.
 */
export const AES_S_BOX: GateList = {
  inputs: 8,
  gates: `
    1^7 2^4 2^7 8^9 9^10 3^11 6^13 2^13 12^14 0^16 0^15 5^6 0^19 16^19 4^20 18^20 15^21 11^22 7^21
    8^21 1^20 12^22 10^23 11&15 25&18 32^31 22&0 34^31 8&21 28&20 37^36 29&17 39^36 12&16 9&24 42^41
    10&23 44^41 33^43 35^45 38^43 40^45 46^14 47^30 48^27 49^26 50^51 50&52 53^55 54&56 57^51 52^53
    51^55 60&59 61^53 52^62 56^62 53&64 65^63 56^65 58&67 54^68 69^66 58^62 58^69 62^66 71^70 73&15
    66&18 62&0 72&21 69&20 58&17 71&16 74&24 70&23 73&11 66&25 62&22 72&8 69&28 58&29 71&12 74&9
    70&10 90^91 85^93 84^94 75^78 77^87 79^82 76^95 96^97 89^100 83^98 79^99 96^103 78^81 98^105
    95^106 104^106 101^102 80^88 93^110 100^111 106^109 87^102 111^114 86^109 94^116 92^113 90^118
    77^103 80^120
  `,
  outputs: [112, 115, 117, 121, 104, 119, 108, 107],
};

/**
 * The inverse S-box of AES but for its constant: x to S⁻¹(x ^ 0x63). The same inversion between the
 * linear layers that belong to it, searched likewise.
 */
export const AES_INVERSE_S_BOX: GateList = {
  inputs: 8,
  gates: `
    4^6 0^3 6^7 3^4 9^10 4^9 1^13 8^14 11^15 5^16 10^11 4^10 6^19 14^18 13^17 14^22 5^11 2^7 5^25
    19^26 16^25 11^28 22^27 21&27 20&19 32^31 16&26 34^31 14&22 8&13 37^36 15&17 39^36 11&28 18&30
    42^41 10&12 44^41 33^43 35^45 38^43 40^45 46^29 47^9 48^23 49^24 50^51 50&52 53^55 54&56 57^51
    52^53 51^55 60&59 61^53 52^62 56^62 53&64 65^63 56^65 58&67 54^68 69^66 58^62 58^69 62^66 71^70
    73&27 66&19 62&26 72&22 69&13 58&17 71&28 74&30 70&12 73&21 66&20 62&16 72&14 69&8 58&15 71&11
    74&18 70&10 81^90 87^93 88^94 91^95 83^96 78^97 80^98 79^98 76^100 77^85 75^97 77^103 82^100
    83^105 99^103 101^107 86^92 89^102 101^110 84^90 109^112 86^88 111^114 81^113 96^115 116^117
    106^109 102^107 91^119 120^121
  `,
  outputs: [113, 106, 108, 122, 104, 115, 118, 99],
};
