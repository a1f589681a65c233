<?php // One bill: its lines, and the ways to pay it.
declare(strict_types=1);

require __DIR__ . '/../start.php';
require __DIR__ . '/../page.php';

const PRICE = '/^(\d{1,4})(?:\.(\d{2}))?$/D';

$person = person();
$bill = asked_bill($person);
$here = ['ref' => $bill['ref']];
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $name = trim(typed('name'));
    $is_price = preg_match(PRICE, trim(typed('price')), $price) === 1;
    $minor = $is_price ? (int) $price[1] * 100 + (int) ($price[2] ?? 0) : 0;
    $length = iconv_strlen($name, 'UTF-8'); // false where the text is no UTF-8
    if ($length === false || $length < 1 || $length > 60 || $minor === 0) {
        go('/bill.php', $here, 'Type a name, and a price such as 12.50.');
    }
    $notice = add_line($bill['ref'], $name, $minor) ? null : 'This bill went to payment: make a new one.';
    go('/bill.php', $here, $notice);
}
[$bill] = settle($bill, $person['name']); // a payment may have ended while no page was open
if ($bill['payment'] !== null) {
    go('/receipt.php', $here);
}
page_begins('Bill ' . $bill['ref'], $person);
?>
<main>
  <h1>Bill <?= html($bill['ref']) ?></h1>
<?php bill_table($bill); ?>
<?php if ($bill['wallet_at'] === null && $bill['state'] === 'open') { ?>
  <form method="post" class="fields row">
    <?= csrf_field() ?>
    <input type="hidden" name="ref" value="<?= html($bill['ref']) ?>">
    <label>Item <input name="name" maxlength="60" required></label>
    <label>Price in RM <input name="price" inputmode="decimal" pattern="\d{1,4}(\.\d{2})?" required></label>
    <button>Add</button>
  </form>
<?php } ?>
<?php if ($bill['total'] > 0) { ?>
  <div class="buttons">
    <form action="/pay.php">
      <input type="hidden" name="ref" value="<?= html($bill['ref']) ?>">
      <button class="primary">E-wallet</button>
    </form>
    <form method="post" action="/cash.php">
      <?= csrf_field() ?>
      <input type="hidden" name="ref" value="<?= html($bill['ref']) ?>">
      <button>Cash</button>
    </form>
  </div>
<?php } ?>
</main>
