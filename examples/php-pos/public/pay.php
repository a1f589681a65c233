<?php // The payment page. `pay.js` takes the payment; this page says what it is about.
declare(strict_types=1);

require __DIR__ . '/../start.php';
require __DIR__ . '/../page.php';

const STEPS = [
    'token' => 'Token and wallets',
    'trade' => 'Trade',
    'code' => 'Code',
    'payment' => 'Payment',
];

$person = person();
[$bill, $sale] = settle(asked_bill($person), $person['name']);
$takes_wallet = $bill['state'] === 'open' ? $bill['total'] > 0 : ($bill['payment']['tender'] ?? null) === 'wallet';
if (!$takes_wallet) {
    go('/bill.php', ['ref' => $bill['ref']]);
}
$data = [
    'backend' => getenv('KAUNTER_BACKEND'),
    'ref' => $bill['ref'],
    'csrf' => $_SESSION['csrf'],
    'trade' => last_trade($sale)['trade_id'] ?? '',
    'state' => $bill['state'],
];
page_begins('E-wallet ' . $bill['ref'], $person, '/pay.js');
?>
<main <?php foreach ($data as $name => $value) { echo "data-$name=\"", html((string) $value), '" '; } ?>>
  <h1><?= money($bill['total']) ?> by e-wallet</h1>
  <ol class="steps">
<?php foreach (STEPS as $step => $name) { ?>
    <li data-step="<?= $step ?>" data-is="waiting"><strong><?= $name ?></strong> <span>waiting</span></li>
<?php } ?>
  </ol>
  <p id="sentence" role="status">Opening the till.</p>
  <p id="checks" hidden></p>
  <form id="choice" hidden>
    <fieldset>
      <legend>Wallet</legend>
      <div id="wallets"></div>
    </fieldset>
    <div class="buttons">
      <button class="primary" name="type" value="consumer_presented">Scan the customer's code</button>
      <button name="type" value="merchant_presented">Show our code</button>
    </div>
  </form>
  <video id="camera" muted playsinline hidden></video>
  <img id="code" alt="Our code: the customer scans it" width="280" height="280" hidden>
  <div class="buttons" id="tools">
    <button id="cancel" hidden>Cancel</button>
    <button id="check" hidden>Check status</button>
    <button id="void" hidden>Refund</button>
    <button id="check-void" hidden>Check refund status</button>
  </div>
<?php if ($bill['payment'] === null) { ?>
  <form method="post" action="/cash.php" id="cash">
    <?= csrf_field() ?>
    <input type="hidden" name="ref" value="<?= html($bill['ref']) ?>">
    <button>Paid in cash instead</button>
  </form>
<?php } ?>
  <a href="/bill.php?ref=<?= html(urlencode($bill['ref'])) ?>">Back to the bill</a>
</main>
