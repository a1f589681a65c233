<?php // The receipt of a closed bill.
declare(strict_types=1);

require __DIR__ . '/../start.php';
require __DIR__ . '/../page.php';

$person = person();
[$bill] = settle(asked_bill($person), $person['name']);
$payment = $bill['payment'];
if ($payment === null) {
    go('/bill.php', ['ref' => $bill['ref']]);
}
page_begins('Receipt ' . $bill['ref'], $person);
?>
<main>
  <h1><?= $bill['state'] === 'refunded' ? 'Given back' : 'Paid' ?></h1>
  <p>Bill <?= html($bill['ref']) ?>, <?= date('j M Y, H:i', $payment['paid_at']) ?>,
    <?= html($payment['cashier']) ?></p>
<?php bill_table($bill); ?>
<?php if ($payment['tender'] === 'cash') { ?>
  <p>Paid in cash: <?= money($payment['minor']) ?></p>
<?php } else { ?>
  <p>Paid by e-wallet: <?= money($payment['minor']) ?>, reference
    <strong id="gateway-ref"><?= html($payment['gateway_ref'] ?? '-') ?></strong></p>
<?php } ?>
<?php if ($bill['state'] === 'refunded') { ?>
  <p>The money was given back.</p>
<?php } ?>
  <div class="buttons">
    <form method="post" action="/"><?= csrf_field() ?><button class="primary">Next customer</button></form>
<?php if ($payment['tender'] === 'wallet') { ?>
    <form action="/pay.php">
      <input type="hidden" name="ref" value="<?= html($bill['ref']) ?>">
      <button>Check or refund</button>
    </form>
<?php } ?>
  </div>
</main>
