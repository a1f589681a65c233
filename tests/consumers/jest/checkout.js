const { parseMoney, Till } = require("kaunter");

exports.checkout = async (ref) => {
  const till = await Till.open({
    backend: "https://pay.shop.example",
    getToken: async () => "token",
    chooseWallet: (_scan, wallets) => wallets[0],
  });
  const outcome = await till.charge({ ref, amount: parseMoney("12.50", "MYR") });
  return outcome.status === "paid" ? "Thank you" : (outcome.message ?? outcome.status);
};
