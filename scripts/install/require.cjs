const { exercise } = require('./exercise.cjs');

exercise({
  root: require('keyblock'),
  tr31: require('keyblock/tr31'),
  kcv: require('keyblock/kcv'),
});
