// What the terminal says, in three languages. A key that one language lacks does not compile.

const en = {
  charge: "Charge", enterAmount: "Type the amount.", pressCharge: "Press Charge, then ask for the payment code.", noCode: "No code was found in this picture: take it again, closer and without glare.", showCode: "Ask the customer to show the payment code to the camera.",
  starting: "The camera starts.", photo: "Take a photo", type: "Type the code", cancel: "Cancel", hold: "Hold to cancel",
  paying: "The payment is on its way.", confirm: "Ask the customer to confirm on the phone.", checking: "No answer yet: we go on asking.",
  cancelling: "We cancel: this can take a little.", elapsed: "{a} s so far, at most {b} s", paid: "Paid", alreadyPaid: "This sale is already paid: do not charge again.",
  receipt: "Reference", wallet: "Wallet", time: "Time", newSale: "New sale", giveBack: "Give money back", declined: "Not paid", tryAgain: "Try again",
  cancelled: "Cancelled: nothing was paid.", voided: "The money was given back.", notConfirmed: "Do not charge again: we do not know yet whether the customer has paid.",
  checkNow: "Check now", manager: "Manager", support: "Support code", unfinished: "A payment is not confirmed: {a}. Tap to look.",
  settings: "Settings", language: "Language", sound: "Sound", phone: "Open the customer's phone", close: "Close", pickWallet: "Which wallet is it?",
  typeCode: "Type the customer's code", pay: "Pay", managerHelp: "Look into the wallet's own records first. What you say here is final, and is kept with your name.",
  evidence: "What you saw", wasPaid: "It was paid", wasNotPaid: "It was not paid", wasReturned: "It was given back",
  offline: "No connection to the shop's system. Open payments go on by themselves.", simulated: "Simulator, no real money", start: "Starting.", retry: "Try again",
  noStart: "The terminal could not start.", voidAsk: "Give {a} back to the customer?", yes: "Yes, give it back", useCamera: "Use the camera",
};
export type Words = { readonly [K in keyof typeof en]: string };

const ms: Words = {
  charge: "Caj", enterAmount: "Taip jumlah.", pressCharge: "Tekan Caj, kemudian minta kod bayaran.", noCode: "Tiada kod dalam gambar ini: ambil sekali lagi, lebih dekat dan tanpa silau.", showCode: "Minta pelanggan tunjukkan kod bayaran kepada kamera.",
  starting: "Kamera sedang dibuka.", photo: "Ambil gambar", type: "Taip kod", cancel: "Batal", hold: "Tekan lama untuk batal",
  paying: "Bayaran sedang dihantar.", confirm: "Minta pelanggan sahkan di telefon.", checking: "Belum ada jawapan: kami terus menyemak.",
  cancelling: "Sedang dibatalkan: sila tunggu sebentar.", elapsed: "{a} s setakat ini, paling lama {b} s", paid: "Sudah dibayar", alreadyPaid: "Jualan ini sudah dibayar: jangan caj lagi.",
  receipt: "Rujukan", wallet: "E-dompet", time: "Masa", newSale: "Jualan baharu", giveBack: "Pulangkan wang", declined: "Tidak dibayar", tryAgain: "Cuba lagi",
  cancelled: "Dibatalkan: tiada bayaran dibuat.", voided: "Wang telah dipulangkan.", notConfirmed: "Jangan caj lagi: kami belum tahu sama ada pelanggan sudah membayar.",
  checkNow: "Semak sekarang", manager: "Pengurus", support: "Kod sokongan", unfinished: "Ada bayaran belum disahkan: {a}. Tekan untuk lihat.",
  settings: "Tetapan", language: "Bahasa", sound: "Bunyi", phone: "Buka telefon pelanggan", close: "Tutup", pickWallet: "E-dompet yang mana?",
  typeCode: "Taip kod pelanggan", pay: "Bayar", managerHelp: "Semak rekod e-dompet dahulu. Keputusan di sini muktamad dan disimpan bersama nama anda.",
  evidence: "Apa yang dilihat", wasPaid: "Sudah dibayar", wasNotPaid: "Tidak dibayar", wasReturned: "Sudah dipulangkan",
  offline: "Tiada sambungan ke sistem kedai. Bayaran yang terbuka diteruskan sendiri.", simulated: "Simulator, bukan wang sebenar", start: "Sedang bermula.", retry: "Cuba lagi",
  noStart: "Terminal tidak dapat dimulakan.", voidAsk: "Pulangkan {a} kepada pelanggan?", yes: "Ya, pulangkan", useCamera: "Guna kamera",
};

const zh: Words = {
  charge: "收款", enterAmount: "请输入金额。", pressCharge: "请按“收款”，再请顾客出示付款码。", noCode: "照片中没有找到付款码，请靠近一点、避开反光再拍。", showCode: "请顾客向镜头出示付款码。",
  starting: "正在打开摄像头。", photo: "拍照", type: "输入付款码", cancel: "取消", hold: "长按取消",
  paying: "正在付款。", confirm: "请顾客在手机上确认。", checking: "还没有答复，正在继续查询。",
  cancelling: "正在取消，请稍等。", elapsed: "已等 {a} 秒，最多 {b} 秒", paid: "已付款", alreadyPaid: "这笔已付款，请勿再次收款。",
  receipt: "参考号", wallet: "电子钱包", time: "时间", newSale: "新的一笔", giveBack: "退款", declined: "未付款", tryAgain: "再试一次",
  cancelled: "已取消，没有扣款。", voided: "款项已退回。", notConfirmed: "请勿再次收款：尚不清楚顾客是否已付款。",
  checkNow: "立即查询", manager: "经理", support: "支持代码", unfinished: "有一笔付款未确认：{a}。点击查看。",
  settings: "设置", language: "语言", sound: "声音", phone: "打开顾客手机", close: "关闭", pickWallet: "是哪个电子钱包？",
  typeCode: "输入顾客的付款码", pay: "付款", managerHelp: "请先核对钱包的记录。此处的决定不可更改，并会记录您的姓名。",
  evidence: "您看到的情况", wasPaid: "已付款", wasNotPaid: "未付款", wasReturned: "已退回",
  offline: "与商店系统的连接中断。未完成的付款会自动继续。", simulated: "模拟器，非真实资金", start: "正在启动。", retry: "重试",
  noStart: "终端无法启动。", voidAsk: "将 {a} 退给顾客？", yes: "是，退款", useCamera: "使用摄像头",
};

const all = { en, ms, zh };
export type Language = keyof typeof all;
export const languages = Object.keys(all) as Language[];

export function wordsOf(language: Language): Words {
  return all[language];
}

/** Puts values into a sentence: "{a} s". */
export function fill(sentence: string, values: Record<string, string | number>): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
