// English, and the list of everything that the terminal says: a key that another language lacks does not compile.

export const en = {
  // Ready
  charge: "Charge", enterAmount: "Type the amount.", pressCharge: "Press Charge, then ask for the payment code.",
  offlineCharge: "No connection: a new payment can't start yet.", clear: "Clear the amount", erase: "Erase the last digit",
  start: "Starting.", noStart: "The terminal could not start.", retry: "Try again",
  unfinished: "Not confirmed: {a}. Tap to look.", unfinishedLate: "Paid late: {a}. Tap to look.",
  handScanner: "A hand scanner typed here: nothing was taken from it.",
  // Scan
  starting: "The camera starts.", showCode: "Ask the customer to show the payment code.", photo: "Take a photo", type: "Type the code",
  useCamera: "Use the camera", noCode: "No code in this picture: take it again, closer and without glare.", cancel: "Cancel",
  closer: "Hold the phone closer.", farther: "Hold the phone farther away.", glare: "Tilt the phone: the screen glares.",
  dark: "Make the phone's screen brighter.", holdStill: "Hold the phone still.",
  pickWallet: "Which wallet is it?", typeCode: "Type the customer's code", pay: "Pay",
  showOurs: "Show a code", scanOurs: "Ask the customer to scan this with the wallet's app.", makingOurs: "The code is on its way.", leftOurs: "{a} s left",
  // Waiting
  hold: "Hold to cancel", cancelTitle: "Cancel the payment of {a}?", cancelHelp: "If the customer has confirmed already, it may stay paid.",
  cancelNo: "No, go on", cancelYes: "Yes, cancel", looking: "Looking up the sale.",
  paying: "Ask the customer to wait: the payment is on its way.",
  confirm: "Ask the customer to confirm on the phone, with the PIN.", checking: "Ask the customer to wait: no answer yet, we go on asking.",
  cancelling: "Ask the customer to wait: we cancel the payment.", voiding: "Ask the customer to wait: the money goes back.",
  secondsLeft: "s left", secondsGone: "s", elapsed: "{a} s so far, {b} s left", elapsedOnly: "{a} s so far", timeUp: "Time is up: we ask once more.",
  // Ends
  titlePaid: "Paid", paidWith: "The customer paid with {a}.", alreadyPaid: "This sale is already paid: do not charge again.",
  titleDeclined: "Not paid", titleCancelled: "Cancelled", cancelledCashier: "You cancelled: nothing was paid.",
  cancelledCustomer: "The customer cancelled: nothing was paid.", cancelledDeadline: "Time was up: nothing was paid.",
  titleOther: "Another amount", otherPaid: "This sale was paid with {a} before: {b} was not charged.",
  otherBegun: "This sale was begun with {a}: {b} was not charged.",
  oldPaid: "An earlier sale, paid on {a}.", oldSale: "An earlier sale, from {a}.",
  notBack: "The money was NOT given back: the customer has still paid.", notBackTag: "NOT given back", gatewaySays: "The payment system says: {a}",
  titleVoided: "Given back", voided: "The customer has the money back.",
  newSale: "New sale", tryAgain: "Try again", backToSale: "Back", receipt: "Reference", wallet: "Wallet", time: "Time",
  // Not confirmed
  titleNotConfirmed: "Not confirmed", notConfirmed: "Do not charge again: we do not know yet whether the customer has paid.",
  busy: "Do not charge again: this sale is being paid already.", titleLate: "Paid late",
  late: "Do not charge again: the money came after the payment was closed, so accept it or give it back.",
  checkNow: "Check now", checked: "Checked at {a}: no news.", manager: "Manager", accept: "Accept", support: "Support code", copy: "Copy", copied: "Copied",
  sameTitle: "{a} is not confirmed yet.", sameHelp: "Is this another customer? If it is the same one, do not charge again.",
  sameLook: "Same customer: look", sameOther: "Another customer: charge",
  // Manager
  managerTitle: "The manager decides", managerHelp: "Look into the wallet's own records first. What you say here is final, and is kept with your name.",
  evidence: "What you saw there", evidenceNeeded: "Write down what you saw first.", wasPaid: "It was paid", wasNotPaid: "It was not paid", wasReturned: "It was given back",
  verdict: "What happened", chooseVerdict: "Choose first what happened.", settle: "Settle {a}",
  settlePaid: "Settle {a} as PAID", settleNotPaid: "Settle {a} as NOT paid", settleReturned: "Settle {a} as given back",
  noRight: "You may not do this: the manager must sign in at the shop's system.",
  giveBack: "Give money back", backTitle: "Give {a} back?", backHelp: "The money goes back to the customer's wallet.", why: "Why", chooseWhy: "Choose",
  whyAmount: "Wrong amount", whyGoods: "Goods returned", whyTwice: "Paid twice", whyLate: "Paid late", yes: "Give {a} back", keep: "Keep it",
  // History
  history: "History", day: "Day", nothing: "No payments on this day.", reading: "Reading the list.",
  pastHelp: "A payment is running: meanwhile an earlier sale can only be read.",
  settledTag: "Settled by a person", lateTag: "Came late", lateTodo: "Accept it or give it back", reviewTodo: "Check, or call the manager",
  sPaid: "Paid", sDeclined: "Not paid", sCancelled: "Cancelled", sVoided: "Given back", sReview: "Not confirmed", sLate: "Paid late", sOpen: "Under way",
  // Settings
  settings: "Settings", language: "Language", sound: "Sound", volume: "Volume", camera: "Camera", phone: "Open the customer's phone", close: "Close",
  scannerTest: "Test the scanner", testShow: "Show any code: nothing is paid.", testTitle: "The scanner works", testSaw: "It read {a}.", testAgain: "Test again",
  kWechat: "a WeChat Pay code", kAlipay: "an Alipay code", kUnionpay: "a UnionPay code", kEmv: "a payment code ({a})", kMerchant: "a shop's code", kOpaque: "a code of no known wallet",
  noAnswer: "The shop's system does not answer: check the network and try again.",
  offline: "No connection to the shop's system. Open payments go on by themselves.", simulated: "Simulator, no real money",
  // Why a payment was refused
  code_expired: "The code was too old: ask for a fresh code.", code_used: "The code was used before: ask for a fresh code.",
  insufficient_funds: "Not enough money in the wallet: ask to top up or to pay another way.", limit: "The wallet's limit is reached: ask to pay another way.",
  wrong_wallet: "The code is another wallet's: scan again and choose that wallet.", other: "The wallet refused: ask to pay another way.",
};
